package site

import (
	"errors"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/site/nginxconf"
)

// maxMends bounds how many syntax errors of one file are mended; more of them mean that it is no configuration.
const maxMends = 200

// parseConfig parses a file. Two slips are mended on the way, so that the rest can be examined: a directive without its
// semicolon at the end of a block, and lines that were meant as comments and begin with a semicolon. It is nil when the file
// cannot be parsed.
func (x *examiner) parseConfig(f File) *config {
	d := x.draft(f.Path)
	commented := 0
	for range maxMends {
		file, err := nginxconf.Parse(d.text)
		if err == nil {
			if commented > 0 {
				x.mendable(place{StepNginxConfig, f.Path, commented, lineOf(string(f.Content), commented)}, provision.SeverityError, "site.config-semicolon-comment")
			}
			c := &config{path: f.Path, text: d.text, file: file}
			c.collectServers(file.Directives, nil)
			return c
		}
		syntax, ok := errors.AsType[*nginxconf.SyntaxError](err)
		at := place{StepNginxConfig, f.Path, syntax.Line, lineOf(d.text, syntax.Line)}
		switch {
		case !ok:
			return nil
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
		default:
			x.add(at, provision.SeverityError, "site.config-syntax", err, syntax.Line)
			return nil
		}
	}
	x.add(place{StepNginxConfig, f.Path, 1, lineOf(d.text, 1)}, provision.SeverityError, "site.config-syntax", errors.New("it is no nginx configuration"), 1)
	return nil
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

// runMentionsFile reports whether a RUN of the last stage names a file of the source by its path or the end of it.
func (r *recipe) runMentionsFile(name string) bool {
	if s := r.final(); s != nil {
		for _, line := range s.lines {
			if line.name == "run" && strings.Contains(line.text, name) {
				return true
			}
		}
	}
	return false
}
