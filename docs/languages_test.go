package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	block   = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
	comment = regexp.MustCompile(`(?m)\s*(^|\s)#.*$`)
	number  = regexp.MustCompile(`\d+`)
	picture = regexp.MustCompile(`!\[[^\]]*\]\(([^)]+)\)`)
	span    = regexp.MustCompile("`[^`\n]+`")
)

// pairs are the pages that a person wrote in both languages; the generated ones have tests of their own.
func pairs(t *testing.T) map[string]string {
	t.Helper()
	pages := map[string]string{"../README.md": "../README.zh-CN.md", "../SECURITY.md": "zh-CN/security.md"}
	found, err := filepath.Glob("zh-CN/*.md")
	if err != nil {
		t.Fatal(err)
	}
	generated := []string{"commands.md", "inventory.md", "troubleshooting.md", "security.md"}
	for _, page := range found {
		if name := filepath.Base(page); !slices.Contains(generated, name) {
			pages[name] = page
		}
	}
	return pages
}

// A page and its translation have the same sections, tables, blocks, pictures, figures, and names of commands and fields.
func TestLanguagesAgree(t *testing.T) {
	for english, chinese := range pairs(t) {
		a, b := read(t, english), read(t, chinese)
		for what, shape := range map[string]func(string) []string{"headings": levels, "blocks": blocks, "pictures": pictures, "figures": figures, "rows": rows, "names": spans} {
			if in, out := shape(a), shape(b); !slices.Equal(in, out) {
				t.Errorf("%s and %s differ in their %s: only the first has %q, only the second %q", english, chinese, what, without(in, out), without(out, in))
			}
		}
	}
}

func read(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func levels(text string) (found []string) {
	for _, m := range heading.FindAllString(block.ReplaceAllString(text, ""), -1) {
		found = append(found, strings.Repeat("#", len(m)-len(strings.TrimLeft(m, "#"))))
	}
	return found
}

// blocks are the blocks of code, without what a comment says in one language. A block of words is a drawing.
func blocks(text string) (found []string) {
	for _, m := range block.FindAllStringSubmatch(text, -1) {
		if m[1] != "" {
			found = append(found, m[1]+"\n"+comment.ReplaceAllString(m[2], ""))
		}
	}
	return found
}

func pictures(text string) (found []string) {
	for _, m := range picture.FindAllStringSubmatch(text, -1) {
		found = append(found, filepath.Base(m[1]))
	}
	return found
}

// figures are the numbers of the text, in whatever order a sentence needs them.
func figures(text string) []string {
	return sorted(number.FindAllString(link.ReplaceAllString(block.ReplaceAllString(text, ""), "]"), -1))
}

// spans are the names of commands, fields and files.
func spans(text string) []string {
	return slices.Compact(sorted(span.FindAllString(block.ReplaceAllString(text, ""), -1)))
}

func rows(text string) (found []string) {
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "|") {
			found = append(found, strings.Repeat("|", strings.Count(line, "|")))
		}
	}
	return found
}

func sorted(list []string) []string { slices.Sort(list); return list }

func without(list, other []string) (left []string) {
	other = slices.Clone(other)
	for _, item := range list {
		if i := slices.Index(other, item); i >= 0 {
			other = slices.Delete(other, i, i+1)
		} else {
			left = append(left, item)
		}
	}
	return left
}

// addresses are the only hosts that a page may send a reader to, and why each is there.
var addresses = map[string]string{
	"semver.org": "how versions are counted",
}

// No page and no help sends a reader to an address that may not exist.
func TestAddresses(t *testing.T) {
	url := regexp.MustCompile(`(?:https?|ssh|git)://([A-Za-z0-9.-]+)`)
	install := regexp.MustCompile(`(?i)go install \S|@latest|github\.com/kehuo|curl[^\n]*\|\s*(?:ba)?sh\b|brew (?:tap|install)`)
	for _, page := range sources(t) {
		text := read(t, page)
		for _, m := range url.FindAllStringSubmatch(text, -1) {
			if addresses[m[1]] == "" && !documentation(m[1]) {
				t.Errorf("%s sends a reader to %s: name the host in the list of addresses with its reason, or leave it out", page, m[0])
			}
		}
		if m := install.FindString(text); m != "" {
			t.Errorf("%s installs from where nothing is published: %s", page, m)
		}
	}
}

// documentation tells the names and addresses that belong to nobody: RFC 2606, RFC 5737 and loopback, and the tutorial's site.
func documentation(host string) bool {
	for _, end := range []string{"example.com", "example.org", "localhost", "kevinhuo.cool"} {
		if host == end || strings.HasSuffix(host, "."+end) {
			return true
		}
	}
	return strings.HasPrefix(host, "203.0.113.") || strings.HasPrefix(host, "198.51.100.") || strings.HasPrefix(host, "127.")
}

// sources are all pages, and the help that the program prints. The catalogue of failures quotes what others print.
func sources(t *testing.T) []string {
	t.Helper()
	var pages []string
	for _, pattern := range []string{"../*.md", "*.md", "zh-CN/*.md", "recipes/*", "recipes/*/*", "../provision/language/*_help.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range found {
			if info, err := os.Stat(page); err == nil && info.Mode().IsRegular() && filepath.Base(page) != "troubleshooting.md" {
				pages = append(pages, page)
			}
		}
	}
	return pages
}
