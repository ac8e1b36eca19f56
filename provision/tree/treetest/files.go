// Package treetest writes trees for tests.
package treetest

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Files is a tree to write: path -> content. A path that ends in a slash is a folder, content "-> x" a link to x, and
// content that begins with "#!" makes the file executable.
type Files map[string]string

// Write adds the files to a folder.
func (f Files) Write(t testing.TB, root string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if err := write(filepath.Join(root, name), strings.HasSuffix(name, "/"), f[name]); err != nil {
			t.Fatal(err)
		}
	}
}

func write(local string, folder bool, content string) error {
	if folder {
		return os.MkdirAll(local, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(local), 0o755); err != nil {
		return err
	}
	if target, link := strings.CutPrefix(content, "-> "); link {
		if err := os.RemoveAll(local); err != nil {
			return err
		}
		return os.Symlink(target, local)
	}
	mode := fs.FileMode(0o644)
	if strings.HasPrefix(content, "#!") {
		mode = 0o755
	}
	if err := os.WriteFile(local, []byte(content), mode); err != nil {
		return err
	}
	return os.Chmod(local, mode)
}

// OddNames is a tree with all names that a file may have and scripts like to stumble over.
func OddNames() Files {
	return Files{
		"-rf":               "dash",
		"a b/ c ":           "spaces",
		"new\nline/x\n":     "line ends",
		"back\\slash":       "backslash",
		"quote'\"$HOME`id`": "quotes",
		"\U0001F600/emoji":  "emoji",
		"latin1-\xe9\xff":   "no UTF-8",
		"*/?[a]":            "globs",
		"tab\tand\rreturn":  "control",
		"%s%n":              "format",
		"link\nto\\x":       "-> back\\slash",
		"deep/er/st/f":      "#!/bin/sh\n",
		"empty/":            "",
		"=":                 "separator",
		"...":               "dots",
	}
}
