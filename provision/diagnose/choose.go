package diagnose

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

const (
	severityUnknown = provision.SeverityUnknown

	maxFindings = 6
	maxPerEntry = 3  // findings of one entry that differ, such as two missing packages
	samePlace   = 3  // what an entry gains in rank where the output comes from its place
	tailShown   = 6  // lines shown of a failure that is not recognised
	failedCode  = "" // unrecognised failures have no code
	consequence = 40 // an entry of this rank or less only says that something failed
)

// findings ends the scan: of all candidates those that hold, are not got over, and are nobody's consequence.
func (s *scan) findings(at Place, tag language.Tag, failed bool) []provision.Finding {
	held := s.held()
	rank := func(c candidate) int {
		e := &s.entries[c.entry]
		if e.where == at.Where {
			return e.Rank + samePlace
		}
		return e.Rank
	}
	slices.SortStableFunc(held, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(rank(b), rank(a)), cmp.Compare(a.line, b.line), cmp.Compare(a.entry, b.entry))
	})
	held = s.withoutConsequences(held)
	var out []provision.Finding
	count := map[int]int{}
	known := false // an error was recognised
	for _, c := range held {
		e := &s.entries[c.entry]
		if known && (e.Severity == severityUnknown || e.Rank <= consequence) {
			continue
		}
		f := s.finding(c, at, tag)
		if count[c.entry] == maxPerEntry || slices.ContainsFunc(out, func(o provision.Finding) bool { return o.Cause == f.Cause }) {
			continue
		}
		if e.Severity == severityUnknown {
			count[c.entry] = maxPerEntry
			known = true
		}
		count[c.entry]++
		known = known || e.Severity == provision.SeverityError
		if out = append(out, f); len(out) == maxFindings {
			break
		}
	}
	if !known && (failed || s.failure.line > s.overAt()) {
		out = append([]provision.Finding{s.unrecognised(tag)}, out...)
	}
	return out
}

// overAt is the last line that says that all is fine, where nothing fatal came after it.
func (s *scan) overAt() int {
	over := 0
	for _, line := range s.cleared {
		over = max(over, line)
	}
	if s.fatal > over {
		return 0
	}
	return over
}

// held returns the candidates whose surroundings agree and that the output did not get over.
func (s *scan) held() []candidate {
	var held []candidate
	for id, list := range s.candidates {
		e := &s.entries[id]
		over := s.cleared[e.where]
		if s.fatal > over {
			over = 0
		}
		var own []candidate
		for i := range list {
			if list[i].line >= over || e.Severity != provision.SeverityError && e.Severity != severityUnknown {
				if s.holds(&list[i]) {
					own = append(own, list[i])
				}
			}
		}
		held = append(held, tellingMost(own)...)
	}
	return held
}

// tellingMost keeps, of the lines of one entry, those that name most: "Permissions 0644 for KEY are too open" rather than
// the banner above it. What a failure of our own says is sure, and tells all.
func tellingMost(own []candidate) []candidate {
	if i := slices.IndexFunc(own, func(c candidate) bool { return c.asserted }); i >= 0 {
		return own[i : i+1]
	}
	most := 0
	for _, c := range own {
		most = max(most, len(c.captured))
	}
	return slices.DeleteFunc(own, func(c candidate) bool { return len(c.captured) < most })
}

// withoutConsequences drops, from candidates in order of rank, what another one on the same line, of the same topic, or
// that names it as its consequence has said better.
func (s *scan) withoutConsequences(ranked []candidate) []candidate {
	hiders := map[string][]int{} // code or topic -> the entries that hide it
	hidden := func(c candidate) bool {
		e := &s.entries[c.entry]
		by := slices.Concat(hiders["code "+e.Code], hiders["topic "+e.Topic])
		return slices.ContainsFunc(by, func(other int) bool { return s.entries[other].Code != e.Code })
	}
	for _, c := range ranked {
		if hidden(c) {
			continue // what it would hide may be the cause of what hides it
		}
		for _, name := range s.entries[c.entry].Hides {
			key := "topic " + name
			if strings.Contains(name, ".") {
				key = "code " + name
			}
			hiders[key] = append(hiders[key], c.entry)
		}
	}
	lines, topics := map[int]int{}, map[string]int{} // who has said it
	return slices.DeleteFunc(ranked, func(c candidate) bool {
		e := &s.entries[c.entry]
		if hidden(c) {
			return true
		}
		if by, ok := lines[c.line]; ok && by != c.entry {
			return true
		}
		if by, ok := topics[e.Topic]; ok && e.Topic != "" && by != c.entry {
			return true
		}
		lines[c.line], topics[e.Topic] = c.entry, c.entry
		return false
	})
}

func (c *catalogue) finding(found candidate, at Place, tag language.Tag) provision.Finding {
	e := &c.entries[found.entry]
	names := at.names(e.where)
	for name, value := range found.captured { // the output itself knows best
		if value != "" {
			names[name] = value
		}
	}
	f := provision.Finding{
		Severity: e.Severity,
		Code:     e.Code,
		Cause:    fill(e.Cause[tag], names),
		Evidence: found.evidence,
		Fix:      fill(e.Fix[tag], names),
	}
	if found.cause != "" {
		f.Cause, f.Fix = found.cause, found.fix
	}
	if len(found.tail) > 0 {
		f.Evidence = lastOf(found.tail, tailShown)
	}
	return f
}

// unrecognised is the finding of a failure that no entry explains.
func (s *scan) unrecognised(tag language.Tag) provision.Finding {
	tail := s.lastLines()
	lines := tail[max(0, len(tail)-tailShown):]
	if s.failure.line > 0 && !slices.Contains(lines, s.failure.excerpt[0]) {
		lines = s.failure.excerpt
	}
	return provision.Finding{
		Severity: severityUnknown,
		Code:     failedCode,
		Cause:    s.markers.Unknown[tag],
		Evidence: strings.Join(lines, "\n"),
		Fix:      s.markers.Ask[tag],
	}
}

func lastOf(lines []string, n int) string { return strings.Join(lines[max(0, len(lines)-n):], "\n") }

// fill puts what was caught into a text: {name}, or {name|words for when it was not caught}. Where nothing takes its place,
// one of the two blanks around it goes too; between Chinese characters both do.
func fill(text string, captured map[string]string) string {
	var b []byte
	for {
		before, rest, ok := strings.Cut(text, "{")
		b = append(b, before...)
		if !ok {
			return string(b)
		}
		inside, after, closed := strings.Cut(rest, "}")
		name, otherwise, hasDefault := strings.Cut(inside, "|")
		if !closed || !isName(name) {
			b = append(b, '{')
			text = rest
			continue
		}
		switch value := captured[name]; {
		case value != "":
			b = append(b, value...)
		case otherwise != "":
			b = append(b, otherwise...)
		case hasDefault:
			b = bytes.TrimSuffix(b, []byte(" "))
			if len(b) > 0 && b[len(b)-1] >= utf8.RuneSelf {
				after = strings.TrimPrefix(after, " ")
			}
		default:
			b = append(b, "{"+inside+"}"...)
		}
		text = after
	}
}

func isName(s string) bool {
	if s == "" {
		return false
	}
	for _, c := range s {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}
