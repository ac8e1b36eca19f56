package site

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision/site/nginxconf"
)

// visit is one request over http for the site's first page, as nginx would carry it out in a server.
type visit struct {
	server    *server
	variables map[string]*string // nil: only the running nginx knows
	maybe     *nginxconf.Directive
}

func newVisit(s *server, host string, port int) *visit {
	v := &visit{server: s, variables: map[string]*string{}}
	set := func(name, value string) { v.variables[name] = &value }
	set("scheme", "http")
	set("https", "")
	set("server_port", strconv.Itoa(port))
	set("request_method", "GET")
	set("server_name", s.names()[0])
	for _, name := range []string{"uri", "request_uri", "document_uri"} {
		set(name, "/")
	}
	for _, name := range []string{"args", "query_string", "is_args"} {
		set(name, "")
	}
	if host != "" {
		set("host", strings.ToLower(host))
		set("http_host", strings.ToLower(host))
	}
	return v
}

// value is what a text comes to; unknown where a variable of it is.
func (v *visit) value(text string) (string, bool) {
	known := true
	result := regexp.MustCompile(`\$\{?(\w+)\}?`).ReplaceAllStringFunc(text, func(reference string) string {
		name := strings.ToLower(strings.Trim(reference, "${}"))
		if value, ok := v.variables[name]; ok && value != nil {
			return *value
		}
		// The header of a proxy in front, and what TLS tells, are empty where a visitor comes straight to http.
		if strings.HasPrefix(name, "http_x_") || strings.HasPrefix(name, "http_cf_") || strings.HasPrefix(name, "ssl_") {
			if _, changed := v.variables[name]; !changed {
				return ""
			}
		}
		known = false
		return ""
	})
	return result, known
}

// redirect is the directive that sends the visitor to https, or may do so; nil if none does.
func (v *visit) redirect() *nginxconf.Directive {
	found, ended := v.run(v.server.d.Block)
	if !ended {
		found, ended = v.locations(v.server.d.Block)
	}
	if found != nil {
		return found
	}
	if v.maybe == nil { // a status may be answered by a redirect
		for _, d := range v.server.all("error_page") {
			if values := d.Values(); ended && len(values) > 1 && strings.HasPrefix(values[len(values)-1], "https://") {
				return d
			}
		}
	}
	return v.maybe
}

// run carries out the directives of nginx's rewrite module. ended tells that the answer is certain.
func (v *visit) run(list []*nginxconf.Directive) (found *nginxconf.Directive, ended bool) {
	for _, d := range list {
		values := d.Values()
		switch {
		case d.Name == "set" && len(values) == 2:
			name := strings.ToLower(strings.TrimPrefix(values[0], "$"))
			v.variables[name] = nil
			if value, known := v.value(values[1]); known {
				v.variables[name] = &value
			}
		case d.Name == "if":
			holds, known := v.condition(values)
			if known && !holds {
				continue
			}
			if !known {
				v.assume(d)
				continue
			}
			if found, ended := v.run(d.Block); ended {
				return found, true
			}
		case d.Name == "return" && len(values) > 0:
			if v.toHTTPS(values[len(values)-1]) && (len(values) == 1 || isRedirect(values[0])) {
				return d, true
			}
			return nil, true
		case d.Name == "rewrite" && len(values) >= 2:
			e := expression(values[0], false)
			if e != nil && !e.MatchString("/") {
				continue
			}
			if v.toHTTPS(values[1]) {
				return d, true
			}
			if isAddress(values[1]) {
				return nil, true
			}
		case strings.Contains(d.Name, "_by_lua") && strings.HasPrefix(d.Name, "rewrite") || strings.HasPrefix(d.Name, "js_content") || strings.HasPrefix(d.Name, "content_by_lua"):
			v.maybe = d
		case d.Name == "include":
			v.maybe = d
		}
	}
	return nil, false
}

// assume notes what a block may do under a condition that only the running nginx knows.
func (v *visit) assume(d *nginxconf.Directive) {
	walk(d.Block, func(inner *nginxconf.Directive) {
		values := inner.Values()
		if len(values) == 0 {
			return
		}
		switch inner.Name {
		case "set":
			v.variables[strings.ToLower(strings.TrimPrefix(values[0], "$"))] = nil
		case "return", "rewrite":
			if v.maybe == nil && (v.toHTTPS(values[len(values)-1]) || len(values) > 1 && v.toHTTPS(values[1])) {
				v.maybe = inner
			}
		}
	})
}

func isRedirect(status string) bool {
	return slices.Contains([]string{"301", "302", "303", "307", "308"}, status)
}

// isAddress reports whether a rewrite's replacement is a redirect by itself.
func isAddress(text string) bool {
	return strings.HasPrefix(text, "http://") || strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "$scheme")
}

// toHTTPS reports whether an address is one of https, or may be.
func (v *visit) toHTTPS(address string) bool {
	if strings.HasPrefix(address, "https://") {
		return true
	}
	if !strings.HasPrefix(address, "$") {
		return false
	}
	value, known := v.value(address)
	return !known && !strings.HasPrefix(value, "http://") || strings.HasPrefix(value, "https://")
}

// condition tells whether the condition of an if holds, where that can be known.
func (v *visit) condition(words []string) (holds, known bool) {
	text := strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(strings.Join(words, " "), "("), ")"))
	words = strings.SplitN(text, " ", 3)
	if !strings.HasPrefix(words[0], "$") {
		return false, false // -f, -d and the like
	}
	left, known := v.value(words[0])
	if !known || len(words) == 1 {
		return left != "" && left != "0", known
	}
	right := ""
	if len(words) == 3 {
		right = strings.Trim(words[2], `"' `)
	}
	switch operator := words[1]; operator {
	case "=", "!=":
		value, known := v.value(right)
		return (left == value) == (operator == "="), known
	case "~", "~*", "!~", "!~*":
		e := expression(right, strings.HasSuffix(operator, "*"))
		if e == nil {
			return false, false
		}
		return e.MatchString(left) != strings.HasPrefix(operator, "!"), true
	}
	return false, false
}

// locations carries out the location that nginx takes for the first page.
func (v *visit) locations(list []*nginxconf.Directive) (found *nginxconf.Directive, ended bool) {
	var best *nginxconf.Directive
	final := false // no expression is looked at any more
	for _, d := range nginxconf.Find(list, "location") {
		modifier, pattern := locationOf(d)
		switch {
		case modifier == "=" && pattern == "/":
			best, final = d, true
		case (modifier == "" || modifier == "^~") && pattern == "/" && !final:
			best, final = d, modifier == "^~"
		}
	}
	if !final {
		for _, d := range nginxconf.Find(list, "location") {
			modifier, pattern := locationOf(d)
			if !strings.HasPrefix(modifier, "~") {
				continue
			}
			e := expression(pattern, modifier == "~*")
			if e == nil { // it may be this one
				v.assume(d)
				continue
			}
			if e.MatchString("/") {
				best = d
				break
			}
		}
	}
	if best == nil {
		return nil, false
	}
	if found, ended := v.run(best.Block); ended {
		return found, true
	}
	return v.locations(best.Block)
}

// locationOf is a location's modifier and pattern, which may be written as one word.
func locationOf(d *nginxconf.Directive) (modifier, pattern string) {
	values := d.Values()
	switch len(values) {
	case 0:
		return "", ""
	case 1:
		for _, m := range []string{"=", "^~", "~*", "~"} {
			if rest, ok := strings.CutPrefix(values[0], m); ok {
				return m, rest
			}
		}
		return "", values[0]
	}
	return values[0], values[1]
}
