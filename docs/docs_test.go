// Package docs checks the pages beside it.
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	link    = regexp.MustCompile(`\]\(([^)#:]+)?(#[^)]+)?\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
)

// Every link between the pages leads somewhere, with its anchor.
func TestLinks(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"../*.md", "*.md", "*/*.md", "recipes/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			target := page
			if m[1] != "" {
				target = filepath.Join(filepath.Dir(page), m[1])
			}
			there, err := os.Stat(target)
			if err != nil {
				t.Errorf("%s has a link to %s, which is not there", page, m[1])
				continue
			}
			if m[2] != "" && !there.IsDir() && !hasHeading(t, target, m[2][1:]) {
				t.Errorf("%s has a link to %s%s, and no heading there has that name", page, m[1], m[2])
			}
		}
	}
}

func hasHeading(t *testing.T, page, anchor string) bool {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
		name := strings.ToLower(strings.ReplaceAll(regexp.MustCompile(`[^\p{L}\p{N} -]`).ReplaceAllString(m[1], ""), " ", "-"))
		if name == anchor {
			return true
		}
	}
	return false
}

// A newcomer reads one page; the rest stands behind it.
func TestREADMEIsShort(t *testing.T) {
	for _, page := range []string{"../README.md", "../README.zh-CN.md"} {
		if n := strings.Count(read(t, page), "\n"); n > 150 {
			t.Errorf("%s has %d lines", page, n)
		}
	}
}
