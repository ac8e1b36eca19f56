package diagnose

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
	a.addState()
	for i, s := range words {
		a.insert(s, owners[i])
	}
	a.link()
	return a
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
