package site

import (
	"bytes"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"
)

// ignoreRules are the lines of an ignore file that exclude or, with !, take back.
type ignoreRules struct {
	rules []ignoreRule
}

type ignoreRule struct {
	line    int
	exclude bool
	matcher *patternmatcher.PatternMatcher
}

func parseIgnore(content []byte) *ignoreRules {
	r := &ignoreRules{}
	for n, line := range bytes.Split(bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")), []byte("\n")) {
		pattern := strings.TrimSpace(string(line))
		if pattern == "" || strings.HasPrefix(pattern, "#") {
			continue
		}
		kept, exception := strings.CutPrefix(pattern, "!")
		if kept = contextPath(strings.TrimSpace(kept)); kept == "." {
			continue
		}
		if m, err := newMatcher(kept); err == nil { // docker build itself says what is wrong with the others
			r.rules = append(r.rules, ignoreRule{n + 1, !exception, m})
		}
	}
	return r
}

// line is the line that keeps a path out of the build context; 0 where none does.
func (r *ignoreRules) line(name string) int {
	line := 0
	for _, rule := range r.rules {
		if rule.exclude == (line > 0) {
			continue // it could change nothing
		}
		if hit, err := rule.matcher.MatchesOrParentMatches(name); err == nil && hit {
			line = 0
			if rule.exclude {
				line = rule.line
			}
		}
	}
	return line
}

// exceptions reports whether a line takes something back.
func (r *ignoreRules) exceptions() bool {
	return slices.ContainsFunc(r.rules, func(rule ignoreRule) bool { return !rule.exclude })
}
