package diagnose

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// automaton finds which of many strings occur in a text in one pass over it (Aho and Corasick 1975), ignoring the case of
// ASCII letters.
type automaton struct {
	class   [256]uint16 // byte -> column of next; 0 for bytes that occur in no string
	columns int
	next    []int32   // state*columns + class -> state
	found   [][]int32 // state -> owners of the strings that end there
}

// newAutomaton builds the automaton for strings; owners[i] is reported where strings[i] is found.
func newAutomaton(words []string, owners []int32) *automaton {
	a := &automaton{columns: 1}
	for _, s := range words {
		for i := range len(s) {
			if c := s[i]; a.class[c] == 0 {
				a.class[c] = uint16(a.columns)
				a.columns++
			}
		}
	}
	for c := byte('A'); c <= 'Z'; c++ {
		a.class[c] = a.class[c+'a'-'A']
	}
	a.next = make([]int32, 0, states(words)*a.columns) // one that grows would take three times its size
	a.addState()
	for i, s := range words {
		a.insert(s, owners[i])
	}
	a.link()
	return a
}

// states is how many the automaton for strings has: one for each beginning that there is.
func states(words []string) int {
	n, before := 1, ""
	for _, s := range slices.Sorted(slices.Values(words)) {
		common := 0
		for common < min(len(s), len(before)) && s[common] == before[common] {
			common++
		}
		n, before = n+len(s)-common, s
	}
	return n
}

func (a *automaton) addState() int32 {
	a.next = append(a.next, make([]int32, a.columns)...)
	a.found = append(a.found, nil)
	return int32(len(a.found) - 1)
}

func (a *automaton) insert(s string, owner int32) {
	state := int32(0)
	for i := range len(s) {
		at := int(state)*a.columns + int(a.class[s[i]])
		if a.next[at] == 0 {
			to := a.addState() // may move a.next: assign in two steps
			a.next[at] = to
		}
		state = a.next[at]
	}
	a.found[state] = append(a.found[state], owner)
}

// link turns the trie into an automaton that never goes back in the text: a missing edge becomes the edge of the longest
// suffix that has one.
func (a *automaton) link() {
	suffix := make([]int32, len(a.found))
	var queue []int32
	for c := 1; c < a.columns; c++ {
		if s := a.next[c]; s != 0 {
			queue = append(queue, s)
		}
	}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		a.found[state] = append(a.found[state], a.found[suffix[state]]...)
		row, back := int(state)*a.columns, int(suffix[state])*a.columns
		for c := 1; c < a.columns; c++ {
			if to := a.next[row+c]; to != 0 {
				suffix[to] = a.next[back+c]
				queue = append(queue, to)
			} else {
				a.next[row+c] = a.next[back+c]
			}
		}
	}
}

// each calls yield with the owner of every string that occurs in text, as often as it occurs.
func (a *automaton) each(text []byte, yield func(owner int32)) {
	state := int32(0)
	for _, c := range text {
		state = a.next[int(state)*a.columns+int(a.class[c])]
		for _, owner := range a.found[state] {
			yield(owner)
		}
	}
}

const (
	maxLiterals = 48 // literals that stand for one pattern at most
	minLiteral  = 3  // bytes; shorter ones would be found on nearly every line
)

// need is what is known of the texts that an expression matches, in lower case: all of them (exact), or strings of which
// every match contains at least one.
type need struct {
	exact  []string
	within []string
}

// requiredLiterals returns lower-case strings of which every match of the pattern contains at least one; nil where there
// are none that are long enough. Looking for them first spares running the expression on nearly every line.
//
// sure tells that a text with one of them matches for certain, so that the expression need not be run at all.
func requiredLiterals(pattern string) (literals []string, sure bool, err error) {
	tree, err := syntax.Parse(pattern, syntax.Perl|syntax.FoldCase)
	if err != nil {
		return nil, false, err
	}
	n := needOf(tree)
	set := better(n.within, n.exact)
	for _, s := range set {
		if len(s) < minLiteral {
			return nil, false, nil
		}
	}
	return set, n.exact != nil && isPlain(tree), nil
}

// isPlain tells whether an expression is only text: nothing that looks at where it stands, ignores no case but ASCII's, and
// catches nothing.
func isPlain(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpLiteral:
		return re.Flags&syntax.FoldCase != 0
	case syntax.OpConcat, syntax.OpAlternate, syntax.OpQuest:
		return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !isPlain(sub) })
	case syntax.OpCharClass, syntax.OpEmptyMatch:
		return true
	}
	return false
}

func needOf(re *syntax.Regexp) need {
	switch re.Op {
	case syntax.OpLiteral:
		return need{exact: []string{strings.ToLower(string(re.Rune))}}
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return need{exact: []string{""}}
	case syntax.OpCharClass:
		return classNeed(re)
	case syntax.OpCapture:
		return needOf(re.Sub[0])
	case syntax.OpPlus:
		return partNeed(needOf(re.Sub[0]))
	case syntax.OpRepeat:
		if re.Min > 0 {
			return partNeed(needOf(re.Sub[0]))
		}
	case syntax.OpQuest:
		if sub := needOf(re.Sub[0]); sub.exact != nil {
			return need{exact: append([]string{""}, sub.exact...)}
		}
	case syntax.OpConcat:
		return concatNeed(re.Sub)
	case syntax.OpAlternate:
		return alternateNeed(re.Sub)
	}
	return need{}
}

// partNeed is the need of an expression of which sub is only a part.
func partNeed(sub need) need { return need{within: better(sub.within, sub.exact)} }

func classNeed(re *syntax.Regexp) need {
	seen := map[string]bool{}
	var exact []string
	for i := 0; i+1 < len(re.Rune); i += 2 {
		if re.Rune[i+1]-re.Rune[i] > 8 {
			return need{}
		}
		for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
			s := string(unicode.ToLower(r))
			if !seen[s] {
				seen[s] = true
				exact = append(exact, s)
			}
		}
	}
	if len(exact) > 6 {
		return need{}
	}
	return need{exact: exact}
}

func concatNeed(subs []*syntax.Regexp) need {
	run := []string{""} // what ends with the sub before
	whole := true
	var best []string
	for _, sub := range subs {
		n := needOf(sub)
		if n.exact != nil && len(run)*len(n.exact) <= maxLiterals {
			run = cross(run, n.exact)
			continue
		}
		whole = false
		best = better(best, run)
		best = better(best, n.within)
		run = []string{""}
		if n.exact != nil {
			run = n.exact
		}
	}
	if whole {
		return need{exact: run}
	}
	return need{within: better(best, run)}
}

func alternateNeed(subs []*syntax.Regexp) need {
	var all []string
	exact := true
	for _, sub := range subs {
		n := needOf(sub)
		exact = exact && n.exact != nil
		set := better(n.within, n.exact)
		if len(set) == 0 {
			return need{}
		}
		all = append(all, set...)
	}
	if exact && len(all) <= maxLiterals {
		return need{exact: all}
	}
	return need{within: all}
}

func cross(left, right []string) []string {
	out := make([]string, 0, len(left)*len(right))
	for _, l := range left {
		for _, r := range right {
			out = append(out, l+r)
		}
	}
	return out
}

// better picks the set that is found less often: the one whose shortest string is longer, where words that stand in every
// log count little.
func better(a, b []string) []string {
	if rarity(b) > rarity(a) {
		return b
	}
	return a
}

func rarity(set []string) int {
	if len(set) == 0 {
		return -1
	}
	least := 2 * len(set[0])
	for _, s := range set {
		n := 2 * len(s)
		if len(s) >= minLiteral && isCommon(strings.TrimSpace(s)) {
			n = 2*minLiteral - 1 // just below the shortest that is of use
		}
		least = min(least, n)
	}
	return least
}

// isCommon lists words of which a healthy log is full.
func isCommon(word string) bool {
	switch word {
	case "error", "errors", "err", "fail", "failed", "code", "status", "warn", "warning", "not", "for", "the", "exception", "http", "https", "://",
		"connect", "connection", "open", "get", "file", "line", "name", "user", "server", "ssl", "found", "exit", "returned":
		return true
	}
	return false
}
