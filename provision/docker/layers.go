package docker

import (
	"slices"
	"strings"
)

// Layers are the images that a build makes on its way, as the classic builder prints them: those of FROM and of the cache are not
// the build's.
type Layers struct {
	made    []string
	foreign bool // what the instruction under way prints is not its own
}

// Add takes lines of the build's output in.
func (l *Layers) Add(lines string) {
	for line := range strings.SplitSeq(lines, "\n") {
		if _, _, instruction, ok := parseClassic(line); ok {
			l.foreign = strings.HasPrefix(strings.ToUpper(instruction), "FROM ")
			continue
		}
		switch id, found := strings.CutPrefix(line, " ---> "); {
		case !found:
		case id == "Using cache":
			l.foreign = true
		case !l.foreign && isID(id):
			l.made = append(l.made, id)
		}
	}
}

// Made are their ids, the last one first: each is built on those behind it.
func (l *Layers) Made() []string {
	made := slices.Clone(l.made)
	slices.Reverse(made)
	return made
}

func isID(text string) bool {
	return len(text) == 12 && !strings.ContainsFunc(text, func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) })
}
