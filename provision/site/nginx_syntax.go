package site

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/site/nginxconf"
)

// maxMends bounds how many syntax errors of one file are mended; more of them mean that it is no configuration.
const maxMends = 200

// parseConfig parses a file. Two slips are mended on the way, so that the rest can be examined: directives without their
// semicolon, and lines that were meant as comments and begin with one. It is nil when the file
// cannot be parsed.
func (x *examiner) parseConfig(f File) *nginxconf.File {
	d := &draft{original: f.Content, text: string(f.Content)}
	if !f.Fixed {
		d = x.draft(f.Path)
	}
	commented := 0
	for range maxMends {
		file, err := nginxconf.Parse(f.Path, d.text)
		if err == nil {
			if d.text != "" && x.runOn(d, f.Path, file.Directives) {
				continue
			}
			if commented > 0 {
				x.mendable(place{StepNginxConfig, f.Path, commented, lineOf(string(f.Content), commented)}, provision.SeverityError, "site.config-semicolon-comment")
			}
			return file
		}
		syntax := syntaxOf(err)
		at := place{StepNginxConfig, f.Path, syntax.Line, lineOf(d.text, syntax.Line)}
		switch {
		case syntax.Found == "}" && syntax.Unfinished != nil:
			unfinished := syntax.Unfinished
			line, end := unfinished.Line, unfinished.Start+len(unfinished.Name)
			if n := len(unfinished.Args); n > 0 {
				line, end = unfinished.Args[n-1].Line, unfinished.Args[n-1].End
			}
			at.line, at.evidence = line, lineOf(d.text, line)
			d.text = d.text[:end] + ";" + d.text[end:]
			x.mendable(at, provision.SeverityError, "site.config-semicolon", unfinished.Name, line)
		case syntax.Found == ";" && startsLine(d.text, syntax.Line, ";"):
			if commented == 0 {
				commented = syntax.Line
			}
			d.text = commentOut(d.text, syntax.Line)
		case repeats.MatchString(d.text):
			found := repeats.FindStringSubmatchIndex(d.text)
			at.line = strings.Count(d.text[:found[2]], "\n") + 1
			at.evidence = lineOf(d.text, at.line)
			x.add(at, provision.SeverityError, "site.config-quote", `"`+d.text[found[2]:found[3]]+`"`)
			return nil
		default:
			for at.line > 1 && strings.TrimSpace(at.evidence) == "" { // the end of the file shows at its last line
				at.line--
				at.evidence = lineOf(d.text, at.line)
			}
			x.add(at, provision.SeverityError, "site.config-syntax", err, at.line)
			return nil
		}
	}
	x.add(place{StepNginxConfig, f.Path, 1, lineOf(d.text, 1)}, provision.SeverityError, "site.config-syntax", errors.New("it is no nginx configuration"), 1)
	return nil
}

// repeats is an expression outside quotes that has a brace, as in [0-9]{6}.
var repeats = regexp.MustCompile(`(?m)^[^#"'\n]*\b(?:location|rewrite|if|server_name)\b[^#"'\n]*?[ (]([^\s"']*[^\s"'$\\{]\{\d+(?:,\d*)?\}[^\s"';]*)`)

// syntaxOf is where the parser stopped: at the first line, if it does not say.
func syntaxOf(err error) *nginxconf.SyntaxError {
	if syntax, ok := errors.AsType[*nginxconf.SyntaxError](err); ok {
		return syntax
	}
	return &nginxconf.SyntaxError{Line: 1}
}

// runOn mends the first directive that has no semicolon and so has the next line's directive among its arguments.
func (x *examiner) runOn(draft *draft, file string, list []*nginxconf.Directive) bool {
	for _, d := range list {
		line, end := d.Line, d.Start+len(d.Name)
		for _, arg := range d.Args {
			if arg.Line > line && slices.Contains(lineBeginners(), arg.Text) {
				at := place{StepNginxConfig, file, line, lineOf(draft.text, line)}
				if nginxconf.Takes(d.Name, len(d.Args)) && d.Name != "listen" {
					x.mendable(at, provision.SeverityWarning, "site.config-run-on", d.Name, line)
				} else {
					x.mendable(at, provision.SeverityError, "site.config-semicolon", d.Name, line)
				}
				draft.text = draft.text[:end] + ";" + draft.text[end:]
				return true
			}
			line, end = arg.Line, arg.End
		}
		if x.runOn(draft, file, d.Block) {
			return true
		}
	}
	return false
}

// lineBeginners are directives that are no argument of any other.
func lineBeginners() []string {
	return []string{
		"access_log", "add_header", "client_max_body_size", "error_log", "error_page", "gzip_types", "keepalive_timeout", "listen",
		"location", "proxy_pass", "proxy_set_header", "return", "rewrite", "root", "server_name", "ssl_certificate",
		"ssl_certificate_key", "ssl_ciphers", "ssl_prefer_server_ciphers", "ssl_protocols", "ssl_session_timeout", "try_files",
		"uwsgi_pass",
	}
}

func startsLine(text string, line int, prefix string) bool {
	return strings.HasPrefix(strings.TrimLeft(lineOf(text, line), " \t"), prefix)
}

// commentOut turns the semicolons at the start of a line, and of the lines after it that begin with one, into number signs.
func commentOut(text string, line int) string {
	at := lineOffset(text, line)
	for at < len(text) {
		i := at
		for i < len(text) && (text[i] == ' ' || text[i] == '\t') {
			i++
		}
		if i == len(text) || text[i] != ';' {
			return text
		}
		text = text[:i] + "#" + text[i+1:]
		at = min(lineEnd(text, i)+1, len(text))
	}
	return text
}
