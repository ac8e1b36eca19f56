package tree

import (
	"bytes"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// FuzzPatterns checks that what an ignore file leaves out is what docker build leaves out.
func FuzzPatterns(f *testing.F) {
	f.Add("*.log\n!keep.log\n# a\n", "b/a.log")
	f.Add("**/a?[b-c]*\\*\n", "x/ab*c")
	f.Add("[", "[")
	f.Add("a/**/b\n!**\n**/c/", "a/x/y/b")
	f.Add("\xef\xbb\xbf/a/../b/\n !x\n", "b")
	f.Fuzz(func(t *testing.T, text, name string) {
		name = strings.ToValidUTF8(filepath.Clean(strings.Trim(name, "/")), "")
		if name == "" || name == "." || strings.HasPrefix(name, "..") || len(name) > 1024 {
			name = "a/b" // no file of a site has such a name: the patterns are tried all the same
		}
		text = text[:min(len(text), 4096)] // docker's own matcher takes minutes over more
		local := filepath.Join(t.TempDir(), ".dockerignore")
		must(t, os.WriteFile(local, []byte(text), 0o600))
		began := time.Now()
		ours, err := readPatterns(t.Context(), local)
		if took := time.Since(began); took > 5*time.Second {
			t.Fatalf("it took %v", took)
		}
		lines, libraryErr := ignorefile.ReadAll(bytes.NewReader([]byte(text)))
		var library *patternmatcher.PatternMatcher
		if libraryErr == nil {
			library, libraryErr = patternmatcher.New(lines)
		}
		if err != nil || libraryErr != nil {
			if err == nil {
				t.Fatalf("%q is accepted: the library says %v", text, libraryErr)
			}
			return
		}
		var above []bool
		var aboveThere patternmatcher.MatchInfo
		for i := range len(name) + 1 {
			if i < len(name) && name[i] != '/' {
				continue
			}
			got, matched := ours.match(&subject{text: name[:i]}, above)
			want, there, err := library.MatchesUsingParentResults(name[:i], aboveThere)
			if err != nil {
				return // the library tells when it gets there
			}
			if got != want {
				t.Fatalf("%q on %q: %v, the library says %v", lines, name[:i], got, want)
			}
			above, aboveThere = matched, there
		}
	})
}

// FuzzShown checks that a path is shown as one line that is safe to print.
func FuzzShown(f *testing.F) {
	f.Add("a/b c")
	f.Add("\x1b[31m\n\u202e\xff")
	f.Fuzz(func(t *testing.T, name string) {
		if text := Shown(name); strings.ContainsAny(text, "\n\r\x1b\u202e\u2028") || strings.ToValidUTF8(text, "") != text {
			t.Fatalf("%q is shown as %q", name, text)
		}
		if up := Parent(name); name != "" && up == name && path.Dir(name) != name {
			t.Fatalf("%q is above itself", name)
		}
	})
}

// FuzzCache checks that a cache of hashes that something else has written costs nothing but time.
func FuzzCache(f *testing.F) {
	f.Add([]byte(cacheMagic), []byte("x"))
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"), []byte{})
	f.Fuzz(func(t *testing.T, data, path []byte) {
		c := &cache{data: append(bytes.Clone(data), path...)}
		files := []found{{Entry: Entry{Path: string(path), Kind: File}}}
		if unknown := c.fill(files); len(unknown) > 1 {
			t.Fatalf("%d of one file are unknown", len(unknown))
		}
	})
}
