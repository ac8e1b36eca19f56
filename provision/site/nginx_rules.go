package site

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/site/nginxconf"
)

// rules examines what nginx -t refuses.
type rules struct {
	x     *examiner
	view  *view
	known *nginxImage
}

func (r rules) examine() {
	if r.view.main && !slices.ContainsFunc(r.view.directives, func(d *nginxconf.Directive) bool { return d.Name == "events" }) {
		f := r.view.files[0]
		r.x.add(place{StepNginxConfig, f.Path, 1, lineOf(f.Text, 1)}, provision.SeverityError, "site.config-no-events")
	}
	r.block(r.view.directives, nginxconf.Main)
	r.listens()
	r.names()
	r.variables()
}

// certain is the severity of what is proven only where the whole configuration is known.
func (r rules) certain() provision.Severity {
	if r.view.main {
		return provision.SeverityError
	}
	return provision.SeverityWarning
}

// add notes a problem of a directive. What the base image brings is not the site's to mend.
func (r rules) add(d *nginxconf.Directive, severity provision.Severity, code string, args ...any) {
	if d.File.Path != "" {
		r.x.add(inConfig(d, d.Line), severity, code, args...)
	}
}

// block examines the directives of a block, each for itself and beside the others.
func (r rules) block(list []*nginxconf.Directive, in nginxconf.Context) {
	first := map[string]*nginxconf.Directive{}
	for _, d := range list {
		key := d.Name
		switch key {
		case "location":
			key = locationKey(d)
		case "alias":
			key = "root" // nginx takes one or the other
		}
		before := first[key]
		switch {
		case before == nil:
			first[key] = d
		case d.Name == "location" && key != "":
			r.add(d, r.sure(before, d), "site.location-twice", key[len("location "):], before.Line)
		case d.Name != "location" && in != nginxconf.Opaque && onceOnly(d.Name, in):
			r.add(d, r.sure(before, d), "site.config-duplicate", d.Name, before.Line)
		}
		if in != nginxconf.Opaque {
			r.directive(d, in)
		}
		if d.HasBody {
			r.block(d.Block, in.Within(d))
			r.within(d, in.Within(d))
		}
	}
}

// within examines what nginx demands of some blocks as a whole.
func (r rules) within(d *nginxconf.Directive, in nginxconf.Context) {
	modifier, pattern := "", ""
	switch {
	case d.Name == "upstream" && in != nginxconf.Opaque && len(nginxconf.Find(d.Block, "server")) == 0 && len(nginxconf.Find(d.Block, "include")) == 0 && !r.view.foreign:
		r.add(d, provision.SeverityError, "site.upstream-empty", d.Value())
	case d.Name == "location":
		modifier, pattern = locationOf(d)
	}
	if !strings.HasPrefix(modifier, "~") && !strings.HasPrefix(pattern, "@") && (d.Name != "if" || in == nginxconf.Opaque) {
		return
	}
	for _, pass := range nginxconf.Find(d.Block, "proxy_pass") {
		_, rest, ok := strings.Cut(pass.Value(), "://")
		if unix, isUnix := strings.CutPrefix(rest, "unix:"); isUnix {
			_, rest, _ = strings.Cut(unix, ":")
			rest = "socket" + rest
		}
		if ok && strings.Contains(rest, "/") && !strings.Contains(rest, "$") {
			r.add(pass, provision.SeverityError, "site.proxy-uri")
		}
	}
}

// sure is the severity of two directives that nginx does not start with: where a file that is not known puts them into one block,
// that is likely and no more.
func (r rules) sure(a, b *nginxconf.Directive) provision.Severity {
	if a.File == b.File {
		return provision.SeverityError
	}
	return r.certain()
}

// onceOnly reports whether nginx refuses a second one of a directive beside the first.
func onceOnly(name string, in nginxconf.Context) bool {
	return nginxconf.Once(name, in) || slices.Contains([]string{"root", "alias", "proxy_pass", "keepalive_timeout", "try_files", "ssl_session_cache", "expires", "fastcgi_pass", "uwsgi_pass"}, name)
}

// locationKey is the same for two locations that nginx takes for one; empty for those that may stand twice.
func locationKey(d *nginxconf.Directive) string {
	switch modifier, pattern := locationOf(d); {
	case strings.HasPrefix(modifier, "~") || strings.HasPrefix(pattern, "@"):
		return ""
	case modifier == "=":
		return "location = " + pattern
	default:
		return "location " + pattern
	}
}

// directive examines one directive by the table of nginx's own modules.
func (r rules) directive(d *nginxconf.Directive, in nginxconf.Context) {
	switch nginxconf.Check(d, in) {
	case nginxconf.Fine:
		if d.Name == "include" {
			r.include(d)
		}
	case nginxconf.Unknown:
		nearest := nginxconf.Nearest(d.Name, in)
		switch {
		case nearest != "" && !r.view.foreign:
			r.add(d, r.certain(), "site.config-unknown", d.Name, nearest)
		case nearest != "":
			r.add(d, provision.SeverityWarning, "site.config-unknown", d.Name, nearest)
		case !r.view.foreign && r.view.main:
			r.add(d, provision.SeverityWarning, "site.config-foreign", d.Name)
		}
	case nginxconf.Misplaced:
		r.add(d, r.certain(), "site.config-misplaced", d.Name)
	case nginxconf.WrongArguments:
		r.add(d, provision.SeverityError, "site.config-arguments", d.Name)
	case nginxconf.NotFlag:
		r.add(d, provision.SeverityError, "site.config-flag", d.Name, d.Value())
	case nginxconf.NoBlock:
		r.add(d, provision.SeverityError, "site.config-no-block", d.Name)
	case nginxconf.NotTerminated:
		r.add(d, provision.SeverityError, "site.config-not-terminated", d.Name)
	}
}

// include notes an included file that neither the site nor the base image has.
func (r rules) include(d *nginxconf.Directive) {
	name := r.known.configPath(d.Value())
	if name == "" || isPattern(name) || r.known.inBase(name) || r.x.in.Site.OwnMounts {
		return
	}
	switch _, state := r.known.file(name); {
	case state == stateAbsent || state == stateBase && r.known.stock != nil:
		r.add(d, provision.SeverityError, "site.include-missing", name)
	case state == stateBase && !nginxPath(name):
		r.add(d, provision.SeverityWarning, "site.include-missing", name)
	}
}

// listens examines what is bound: the same twice in a server, two default servers, and addresses that the container has not.
func (r rules) listens() {
	defaults := map[string]*server{}
	owners := map[string]*server{}
	bound := map[string]listen{}
	for _, s := range r.view.servers {
		seen := map[string]bool{}
		for _, l := range s.listens {
			if l.d == nil || l.port == 0 && l.address == "" {
				continue
			}
			address := l.socket()
			if seen[address] {
				r.add(l.d, provision.SeverityError, "site.listen-twice", address)
			}
			seen[address] = true
			if other := defaults[address]; l.primary && other != nil && other != s {
				r.add(l.d, r.sure(other.d, l.d), "site.default-server-twice", address, other.d.Line)
			} else if l.primary {
				defaults[address] = s
			}
			for _, name := range s.names() {
				if other := owners[address+" "+name]; other != nil && other != s {
					r.add(l.d, provision.SeverityWarning, "site.server-hidden", name, address, other.d.Line)
				} else {
					owners[address+" "+name] = s
				}
			}
			if before, ok := bound[address]; !ok || l.bothStack && !before.bothStack {
				bound[address] = l
			}
			r.address(l)
		}
	}
	for _, l := range bound {
		plain := l
		plain.address = "*"
		if other, ok := bound[plain.socket()]; l.address == "::" && l.bothStack && ok && !(l.reuse && other.reuse) {
			r.add(l.d, provision.SeverityError, "site.listen-both", l.port)
		}
	}
}

// address notes a listen on an address that is not the container's, which nginx cannot bind.
func (r rules) address(l listen) {
	for _, flag := range l.d.Values()[min(1, len(l.d.Args)):] {
		if !listenFlag.MatchString(flag) {
			r.add(l.d, provision.SeverityError, "site.listen-flag", flag)
		}
	}
	ip, err := netip.ParseAddr(l.address)
	if err != nil || ip.IsLoopback() || ip.IsUnspecified() || r.x.in.Site.OwnNetwork {
		return
	}
	severity := provision.SeverityError
	if ip.IsPrivate() || ip.IsLinkLocalUnicast() { // it might be what Docker gives out
		severity = provision.SeverityWarning
	}
	r.add(l.d, severity, "site.listen-foreign", l.address)
}

var listenFlag = regexp.MustCompile(`^(default_server|default|bind|deferred|reuseport|multipath|ssl|http2|spdy|quic|http3|proxy_protocol|` +
	`(setfib|fastopen|backlog|rcvbuf|sndbuf|accept_filter|ipv6only|so_keepalive)=.+)$`)

// names notes zones, log formats and upstreams that nothing defines.
func (r rules) names() {
	zones, formats, upstreams := map[string]bool{}, map[string]bool{"combined": true, "off": true}, map[string]bool{"localhost": true}
	walk(r.view.directives, func(d *nginxconf.Directive) {
		values := d.Values()
		switch {
		case d.Name == "log_format" && len(values) > 0:
			formats[values[0]] = true
		case d.Name == "upstream":
			upstreams[d.Value()] = true
		}
		for _, v := range values {
			for _, prefix := range []string{"zone=", "keys_zone=", "shared:"} {
				if name, _, sized := strings.Cut(strings.TrimPrefix(v, prefix), ":"); strings.HasPrefix(v, prefix) && sized {
					zones[name] = true
				}
			}
		}
	})
	walk(r.view.directives, func(d *nginxconf.Directive) {
		values := d.Values()
		switch d.Name {
		case "limit_req":
			for _, v := range values {
				if name, ok := strings.CutPrefix(v, "zone="); ok && !zones[name] {
					r.add(d, r.certain(), "site.zone-unknown", name, "limit_req_zone $binary_remote_addr zone="+name+":10m rate=10r/s;")
				}
			}
		case "limit_conn":
			if len(values) == 2 && !zones[values[0]] {
				r.add(d, r.certain(), "site.zone-unknown", values[0], "limit_conn_zone $binary_remote_addr zone="+values[0]+":10m;")
			}
		case "proxy_cache", "fastcgi_cache", "uwsgi_cache", "scgi_cache":
			if name := d.Value(); name != "off" && name != "" && !strings.Contains(name, "$") && !zones[name] {
				r.add(d, r.certain(), "site.zone-unknown", name, d.Name+"_path /var/cache/nginx keys_zone="+name+":10m;")
			}
		case "access_log":
			if len(values) > 1 && !strings.Contains(values[1], "=") && !formats[values[1]] && (r.view.main || values[1] != "main") {
				r.add(d, r.certain(), "site.format-unknown", values[1])
			}
		case "proxy_pass", "grpc_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "memcached_pass":
			r.upstream(d, upstreams)
		}
	})
}

// upstream notes a plain name that no upstream has: nginx looks it up when it starts, and ends if it fails.
func (r rules) upstream(d *nginxconf.Directive, known map[string]bool) {
	target := d.Value()
	if _, rest, ok := strings.Cut(target, "://"); ok {
		target = rest
	}
	host := hostOf(target)
	if known[host] || host == "" || strings.ContainsAny(host, ".$[") || strings.HasPrefix(target, "unix:") {
		return
	}
	severity := provision.SeverityWarning
	if target == host && !slices.Contains([]string{"proxy_pass", "grpc_pass"}, d.Name) {
		severity = r.certain() // without a port, it can be nothing but an upstream
	}
	r.add(d, severity, "site.upstream-unknown", host, d.Name)
}

// hostOf is the host at the start of an address without its scheme.
func hostOf(rest string) string {
	if i := strings.IndexAny(rest, "/:?"); i >= 0 && !strings.HasPrefix(rest, "[") {
		return rest[:i]
	}
	return rest
}

// capture is a name that an expression gives to what it finds.
var capture = regexp.MustCompile(`\(\?P?[<'](\w+)[>']`)

// variables notes those that nothing defines.
func (r rules) variables() {
	defined := map[string]bool{}
	walk(r.view.directives, func(d *nginxconf.Directive) {
		if name, ok := strings.CutPrefix(d.Name, "$"); ok { // in the block of a module like geoip2
			defined[strings.ToLower(name)] = true
		}
		for _, found := range capture.FindAllStringSubmatch(d.Name, -1) { // of a map
			defined[strings.ToLower(found[1])] = true
		}
		for i, v := range d.Values() {
			for _, found := range capture.FindAllStringSubmatch(v, -1) {
				defined[strings.ToLower(found[1])] = true
			}
			if definesVariable(d, i) {
				defined[strings.ToLower(strings.TrimPrefix(v, "$"))] = true
			}
		}
	})
	http := slices.IndexFunc(r.view.directives, func(d *nginxconf.Directive) bool { return d.Name == "http" })
	if http < 0 {
		return
	}
	severity := r.certain()
	if r.view.foreign {
		severity = provision.SeverityWarning
	}
	told := map[string]bool{}
	walk(r.view.directives[http].Block, func(d *nginxconf.Directive) {
		for i, v := range d.Values() {
			if !readsVariables(d, i) {
				continue
			}
			names, good := nginxconf.References(v)
			if !good {
				r.add(d, severity, "site.variable-invalid", v)
			}
			for _, name := range names {
				if name = strings.ToLower(name); !nginxconf.IsVariable(name) && !defined[name] && !told[name] {
					told[name] = true
					r.add(d, severity, "site.variable-unknown", name)
				}
			}
		}
	})
}

// definesVariable reports whether argument i of a directive is a variable that it defines. Of a directive that is not nginx's own,
// any may be.
func definesVariable(d *nginxconf.Directive, i int) bool {
	value := d.Args[i].Text
	if !strings.HasPrefix(value, "$") {
		return false
	}
	switch d.Name {
	case "set", "auth_request_set", "perl_set":
		return i == 0
	case "map", "split_clients":
		return i == 1
	case "geo":
		return i == len(d.Args)-1
	}
	return nginxconf.Check(d, nginxconf.HTTP) == nginxconf.Unknown
}

// readsVariables reports whether nginx fills variables into argument i of a directive, so that it must know them all.
func readsVariables(d *nginxconf.Directive, i int) bool {
	switch d.Name {
	case "return", "add_header", "add_trailer", "proxy_pass", "proxy_set_header", "proxy_cache_key", "fastcgi_param", "fastcgi_cache_key",
		"uwsgi_param", "scgi_param", "grpc_set_header", "root", "alias", "try_files", "proxy_cache_bypass", "proxy_no_cache", "fastcgi_cache_bypass", "fastcgi_no_cache":
		return true
	case "set", "rewrite", "map":
		return d.Name == "map" && i == 0 || d.Name != "map" && i == 1
	case "log_format":
		return i > 0
	case "limit_req_zone", "limit_conn_zone", "access_log":
		return i == 0
	case "if":
		return i == 0 && strings.HasPrefix(strings.TrimPrefix(d.Args[0].Text, "("), "$")
	}
	return false
}
