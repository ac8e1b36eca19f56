package sshconfig

import (
	"path"
	"slices"
	"strings"
)

// Algorithms is what a configuration says of algorithms, as it stands there: a list, or one behind '+', '-' or '^' that adds to
// the defaults, takes from them or goes in front of them. Names may be patterns. Empty where it says nothing.
type Algorithms string

// Of are the algorithms that are wished among all that can be had, the preferred ones first.
func (a Algorithms) Of(defaults, all []string) []string {
	if a == "" {
		return defaults
	}
	var named []string
	for pattern := range strings.SplitSeq(strings.TrimLeft(string(a), "+-^"), ",") {
		for _, name := range all {
			if ok, err := path.Match(strings.TrimSpace(pattern), name); err == nil && ok && !slices.Contains(named, name) {
				named = append(named, name)
			}
		}
	}
	others := slices.DeleteFunc(slices.Clone(defaults), func(name string) bool { return slices.Contains(named, name) })
	switch a[0] {
	case '+':
		return append(slices.Clone(defaults), slices.DeleteFunc(named, func(name string) bool { return slices.Contains(defaults, name) })...)
	case '-':
		return others
	case '^':
		return append(named, others...)
	}
	return named
}
