package diagnose

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// automaton finds which of many strings occur in a text in one pass over it (Aho and Corasick 1975), ignoring the case of
// ASCII letters. Its states are a tree: a table of every state and byte would take 25 MB for the catalogue, the tree takes one.
type automaton struct {
	first  [256]int32 // byte -> state after it at the start of a string
	states []state
	owners []owner
}

// state is the text from the root of the tree to it. Zero, the root, stands for none.
type state struct {
	child, sibling int32 // the first longer text, and the next one that is as long and differs in its last byte
	suffix         int32 // the longest other state that this text ends with
	found          int32 // index into owners of the first string that ends here, its own or of a suffix; 0 for none
	last           byte
}

// owner is one entry of a list of the owners of strings.
type owner struct{ id, next int32 }

// newAutomaton builds the automaton for strings in lower case; owners[i] is reported where strings[i] is found.
func newAutomaton(words []string, owners []int32) *automaton {
	a := &automaton{states: make([]state, 1), owners: make([]owner, 1)}
	for i, s := range words {
		a.insert(s, owners[i])
	}
	a.link()
	return a
}

func (a *automaton) insert(s string, id int32) {
	at := int32(0)
	for i := range len(s) {
		next := a.after(at, s[i])
		if next == 0 {
			next = int32(len(a.states))
			a.states = append(a.states, state{sibling: a.states[at].child, last: s[i]})
			a.states[at].child = next
			if at == 0 {
				a.first[s[i]] = next
			}
		}
		at = next
	}
	a.owners = append(a.owners, owner{id, a.states[at].found})
	a.states[at].found = int32(len(a.owners) - 1)
}

// after returns the state of a state's text with one byte more; 0 for none.
func (a *automaton) after(at int32, c byte) int32 {
	if at == 0 {
		return a.first[c]
	}
	next := a.states[at].child
	for next != 0 && a.states[next].last != c {
		next = a.states[next].sibling
	}
	return next
}

// link finds the suffix of each state, the shorter texts first, and joins the owners of the suffix to its own.
func (a *automaton) link() {
	var queue []int32
	add := func(parent int32) {
		for s := a.states[parent].child; s != 0; s = a.states[s].sibling {
			queue = append(queue, s)
		}
	}
	add(0)
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		add(at)
		for child := a.states[at].child; child != 0; child = a.states[child].sibling {
			s := &a.states[child]
			s.suffix = a.step(a.states[at].suffix, s.last)
			a.join(&s.found, a.states[s.suffix].found)
		}
	}
}

// join puts a list behind another one.
func (a *automaton) join(list *int32, rest int32) {
	for *list != 0 {
		list = &a.owners[*list].next
	}
	*list = rest
}

// step follows one byte of a text, from the longest suffix that goes on with it.
func (a *automaton) step(at int32, c byte) int32 {
	for {
		if next := a.after(at, c); next != 0 || at == 0 {
			return next
		}
		at = a.states[at].suffix
	}
}

// each calls yield with the owner of every string that occurs in text, as often as it occurs.
func (a *automaton) each(text []byte, yield func(owner int32)) {
	at := int32(0)
	for _, c := range text {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		at = a.step(at, c)
		for i := a.states[at].found; i != 0; i = a.owners[i].next {
			yield(a.owners[i].id)
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
