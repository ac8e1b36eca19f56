package tree

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/patternmatcher"
)

// TestPatternsMatchAsTheLibrary: what is left out decides over digests, and docker build goes by the library.
func TestPatternsMatchAsTheLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func(parts []string, most int) string {
		var b strings.Builder
		for range 1 + random.IntN(most) {
			b.WriteString(parts[random.IntN(len(parts))])
		}
		return b.String()
	}
	inPatterns := []string{"a", "b", "é", ".", "/", "/", "*", "**", "**/", "?", "[ab]", "[^a]", "[a-c.]", "[", "]", "^", `\`, `\*`, `\d`, "[a*]", "[]a]", "-", "!", "[!a]", "x+(y)", "c", " "}
	inPaths := []string{"a", "b", "c", "é", ".", "/", "/", "\n", "*", "-", "!", "\\", "x+(y)", "ab", "^", "[", "\uFFFD", " ", strings.Repeat("ab", 40)}
	kinds := map[patternKind]int{}
	for range 60000 {
		var lines []string
		for range 1 + random.IntN(3) {
			lines = append(lines, strings.Repeat("!", random.IntN(5)/3)+text(inPatterns, 6))
		}
		ours, err := newPatterns(lines)
		library, libraryErr := patternmatcher.New(lines)
		if libraryErr != nil {
			if err == nil {
				t.Fatalf("%q is accepted: the library says %v", lines, libraryErr)
			}
			continue
		}
		if err != nil { // the library tells when it gets there
			continue
		}
		for _, p := range ours.list {
			kinds[p.kind]++
		}
		if ours.exceptions != library.Exclusions() {
			t.Fatalf("%q: exceptions %v", lines, ours.exceptions)
		}
		for range 4 {
			path := filepath.Clean(strings.Trim(text(inPaths, 8), "/"))
			if path == "." || strings.HasPrefix(path, "..") {
				continue
			}
			var above []bool
			var aboveThere patternmatcher.MatchInfo
			for i := range len(path) + 1 {
				if i < len(path) && path[i] != '/' {
					continue
				}
				got, matched := ours.match(&subject{text: path[:i]}, above)
				want, there, err := library.MatchesUsingParentResults(path[:i], aboveThere)
				if err != nil || got != want {
					t.Fatalf("%q on %q: %v, the library says %v, %v", lines, path[:i], got, want, err)
				}
				above, aboveThere = matched, there
			}
		}
	}
	for kind := kindWhole; kind <= kindOdd; kind++ {
		if kinds[kind] < 500 {
			t.Errorf("only %d patterns of kind %d", kinds[kind], kind)
		}
	}
}

// TestManyPatternsOverLongNames: neither many patterns nor bad ones take long. The library takes most of a minute for some.
func TestManyPatternsOverLongNames(t *testing.T) {
	const many = 3000
	for _, pattern := range []string{"**/name%d*.log", "*a*b*c%d", "**/*a*a*a*a*b%d", "dir%d/*", "a**a**a**b%d?", "[a-c]*[a-c]*x%d*", "*a?a*%d*", `*a*a*\-*x%d*`} {
		t.Run(pattern, func(t *testing.T) {
			root := t.TempDir()
			var lines []string
			for i := range many {
				lines = append(lines, fmt.Sprintf(pattern, 1000+i))
			}
			site := files{".dockerignore": strings.Join(lines, "\n")}
			for i := range 200 {
				site[fmt.Sprintf("%s%d", strings.Repeat("a", 240), i)] = ""
			}
			site.Write(t, root)
			began := time.Now()
			if got := len(scan(t, root).Entries); got != 201 {
				t.Errorf("%d entries", got)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v", took)
			} else {
				t.Log(took)
			}
		})
	}
}

func TestPatternsOfALine(t *testing.T) {
	p, err := newPatterns([]string{"*.log", "secret", "!keep.log"})
	must(t, err)
	var out []string
	for _, path := range []string{"a.log", "b/a.log", "keep.log", "secret", "secrets"} {
		if hidden, _ := p.match(&subject{text: path}, nil); hidden {
			out = append(out, path)
		}
	}
	if want := []string{"a.log", "secret"}; !slices.Equal(out, want) {
		t.Errorf("%q is left out, want %q", out, want)
	}
}
