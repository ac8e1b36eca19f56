package diagnose

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
)

const (
	keepFirst   = 3   // occurrences of an entry that are kept from the beginning of an output
	keepLast    = 3   // and from its end
	tailLines   = 12  // last lines that are kept for what is not recognised
	maxEvidence = 400 // bytes of a quoted line
)

// candidate is an entry that matched a line; what is around it decides later whether it holds.
type candidate struct {
	entry    int
	line     int
	evidence string
	captured map[string]string
	before   []sighting // by rule of the entry's contexts: the last line up to this one where it matched, 0 for none
	after    []sighting // and the first line after it
	tail     []string   // the lines before, for entries that only say that something failed

	asserted   bool   // by a failure of our own; nothing around it is asked
	cause, fix string // the failure's own words, where it has them
}

// sighting is where a context pattern matched, and what it caught there.
type sighting struct {
	line     int
	captured map[string]string
}

// scan reads one output, line by line, and keeps what could be a finding. Its memory does not grow with the output.
type scan struct {
	*catalogue
	number     int                 // of the line being read, from 1
	hits       []int32             // rules whose literals are on the line
	hitAt      []int               // by rule: the last line in hits, so that each is there once
	sightings  []sighting          // by rule: the last one
	candidates map[int][]candidate // by entry
	cleared    map[Where]int       // the last line that says that this place is fine
	fatal      int                 // the last line that says that the whole failed
	failure    failure
	tail       [tailLines][]byte
	tailNext   int

	calm   bool // line calmAt is known to be harmless
	calmAt int

	plain []byte // the line being read, as it is quoted
}

// failure is the last line of an output that says that something failed, and the few after it.
type failure struct {
	line    int
	excerpt []string
}

func newScan(c *catalogue) *scan {
	return &scan{
		catalogue:  c,
		hitAt:      make([]int, len(c.rules)),
		sightings:  make([]sighting, len(c.rules)),
		candidates: map[int][]candidate{},
		cleared:    map[Where]int{},
	}
}

// text takes in lines. Reading them from a string fails never: strings.Reader has io.EOF as its only error.
func (s *scan) text(lines string) { _ = eachLine(strings.NewReader(lines), s.line) }

// line takes in one line; it keeps no reference to raw.
func (s *scan) line(raw []byte) {
	s.plain = clean(raw)
	text := undecorate(s.plain)
	if len(text) == 0 {
		return
	}
	s.number++
	s.keep(s.plain)
	text = straighten(text)
	s.hits = s.hits[:0]
	s.find.each(text, s.hit)
	if len(s.hits) > 0 {
		s.apply(text)
	}
}

func (s *scan) hit(rule int32) {
	if s.hitAt[rule] != s.number {
		s.hitAt[rule] = s.number
		s.hits = append(s.hits, rule)
	}
}

// keep remembers the line among the last ones, and after a failure as what it said.
func (s *scan) keep(plain []byte) {
	slot := &s.tail[s.tailNext%tailLines]
	*slot = append((*slot)[:0], plain[:min(len(plain), 2*maxEvidence)]...)
	s.tailNext++
	if s.failure.line > 0 && len(s.failure.excerpt) < 4 {
		s.failure.excerpt = append(s.failure.excerpt, excerpt(plain, 0, len(plain)))
	}
}

// apply runs the expressions of the rules whose literals the line has. Whether the line is known to be harmless is only
// asked once something else matched: most lines with a frightening word match nothing.
func (s *scan) apply(text []byte) {
	echo := echoes(s.plain, text)
	for _, id := range s.hits {
		switch r := &s.rules[id]; r.kind {
		case kindContext:
			s.context(int(id), text)
		case kindEntry:
			if s.entries[r.entry].Echo == echo {
				s.entry(r, text)
			}
		case kindFailure:
			if !echo && r.expr().Match(text) && !s.harmless(text) {
				s.failed()
			}
		case kindFatal:
			if r.expr().Match(text) && !s.harmless(text) {
				s.failed()
				s.fatal = s.number
			}
		case kindSuccess:
			if !echo && r.expr().Match(text) {
				s.cleared[r.where] = s.number
			}
		}
	}
}

// harmless tells whether the line looks like a failure and is known to be none; it is found out once a line.
func (s *scan) harmless(text []byte) bool {
	if s.calmAt == s.number {
		return s.calm
	}
	s.calmAt = s.number
	s.calm = slices.ContainsFunc(s.hits, func(id int32) bool {
		r := &s.rules[id]
		return r.kind == kindHarmless && r.expr().Match(text)
	})
	return s.calm
}

func (s *scan) failed() {
	if s.failure.line == s.number {
		return
	}
	s.failure = failure{line: s.number, excerpt: append(s.failure.excerpt[:0], excerpt(s.plain, 0, len(s.plain)))}
}

func (s *scan) context(id int, text []byte) {
	r := &s.rules[id]
	var captured map[string]string
	if !r.sure {
		var ok bool
		if captured, _, ok = s.match(r, text); !ok {
			return
		}
	}
	s.sightings[id] = sighting{s.number, captured}
	for _, list := range s.candidates {
		for i := range list {
			list[i].sawAfter(s.contexts[list[i].entry], id, s.sightings[id])
		}
	}
}

func (c *candidate) sawAfter(conditions []context, id int, seen sighting) {
	if c.asserted {
		return
	}
	i := 0
	for _, condition := range conditions {
		for _, rule := range condition.rules {
			if rule == id && c.after[i].line == 0 {
				c.after[i] = seen
			}
			i++
		}
	}
}

func (s *scan) entry(r *rule, text []byte) {
	captured, at, ok := s.match(r, text)
	e := &s.entries[r.entry]
	if !ok || !e.Calm && s.harmless(text) {
		return
	}
	list := s.candidates[r.entry]
	if n := len(list); n > 0 && list[n-1].line == s.number { // another pattern of the same entry: the one that names most counts
		if len(captured) > len(list[n-1].captured) {
			list[n-1].captured = captured
		}
		return
	}
	c := candidate{entry: r.entry, line: s.number, evidence: excerpt(s.plain, at[0], at[1]), captured: captured}
	for _, condition := range s.contexts[r.entry] {
		for _, rule := range condition.rules {
			c.before = append(c.before, s.sightings[rule])
		}
	}
	c.after = make([]sighting, len(c.before))
	if e.Above || e.Severity == severityUnknown {
		c.tail = s.lastLines()
	}
	if len(list) == keepFirst+keepLast {
		copy(list[keepFirst:], list[keepFirst+1:])
		list[len(list)-1] = c
	} else {
		list = append(list, c)
	}
	s.candidates[r.entry] = list
}

// match runs the rule's expression on the text; at is where it matched.
func (s *scan) match(r *rule, text []byte) (captured map[string]string, at []int, ok bool) {
	expr := r.expr()
	at = expr.FindSubmatchIndex(text)
	if at == nil {
		return nil, nil, false
	}
	for i, name := range expr.SubexpNames() {
		if name != "" && at[2*i] >= 0 {
			if captured == nil {
				captured = map[string]string{}
			}
			captured[name] = string(bytes.TrimSpace(text[at[2*i]:at[2*i+1]]))
		}
	}
	return captured, at[:2], true
}

// holds tells whether what is around the candidate is as its entry asks for, and completes what it caught from there.
func (s *scan) holds(c *candidate) bool {
	if c.asserted {
		return true
	}
	i := 0
	for _, condition := range s.contexts[c.entry] {
		there := false
		for range condition.rules {
			if seen, ok := c.nearest(i, condition.reach); ok {
				there = true
				c.borrow(seen.captured)
			}
			i++
		}
		if there == condition.absent {
			return false
		}
	}
	return s.entries[c.entry].agrees(c.captured)
}

// nearest is the sighting of a context within reach, the one before the candidate first; what stands after it only where
// there is none: a traceback names its file before its error.
func (c *candidate) nearest(i, reach int) (sighting, bool) {
	before, after := c.before[i], c.after[i]
	switch {
	case before.line > 0 && (reach == 0 || c.line-before.line <= reach):
		return before, true
	case after.line > 0 && (reach == 0 || after.line-c.line <= reach):
		return after, true
	}
	return sighting{}, false
}

// borrow completes the candidate's names by those that a context caught; its own come first.
func (c *candidate) borrow(caught map[string]string) {
	if len(caught) == 0 {
		return
	}
	merged := maps.Clone(caught)
	maps.Copy(merged, c.captured)
	c.captured = merged
}

// agrees tells whether what was caught is within the lists that the entry wants it in, which were caught too or stand there;
// what was not caught is.
func (e *entry) agrees(captured map[string]string) bool {
	for name, list := range e.Among {
		if value := captured[name]; value != "" && !slices.Contains(strings.FieldsFunc(cmp.Or(captured[list], list), isSeparator), value) {
			return false
		}
	}
	return true
}

func isSeparator(r rune) bool { return r == ' ' || r == ',' || r == ';' }

// lastLines returns the last lines, the oldest first.
func (s *scan) lastLines() []string {
	var lines []string
	for i := range tailLines {
		if line := s.tail[(s.tailNext+i)%tailLines]; len(line) > 0 {
			lines = append(lines, excerpt(line, 0, len(line)))
		}
	}
	return slices.Clip(lines)
}

// excerpt quotes line, or the part of a long one around the match at from:to.
func excerpt(line []byte, from, to int) string {
	line = bytes.TrimSpace(line)
	if len(line) <= maxEvidence {
		return string(line)
	}
	start := 0
	if to > maxEvidence {
		start = min(max(0, from-maxEvidence/4), len(line)-maxEvidence)
	}
	return string(bytes.ToValidUTF8(line[start:start+maxEvidence], nil))
}
