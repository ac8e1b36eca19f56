package transfer

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// oddNames are all names that a file may have and scripts like to stumble over.
var oddNames = files{
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

// TestHostAsExpected shows that a host with the tree in place answers in a few bytes, for all names and shells.
func TestHostAsExpected(t *testing.T) {
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			site, host, state := t.TempDir(), t.TempDir(), t.TempDir()
			oddNames.write(t, site)
			oddNames.write(t, host)
			m := scan(t, site)
			if len(m.Entries) != 22 {
				t.Fatalf("the tree has %d entries: %q", len(m.Entries), paths(m))
			}
			l := listHost(t, shell, host, state, m)
			if d := Compare(m, l, true); !d.Empty() || l.same {
				t.Errorf("the same tree without a manifest: same %v, differs in %q", l.same, d.Paths(english))
			}
			must(t, os.WriteFile(filepath.Join(state, "manifest"), m.predict().names, 0o600))
			out := runShell(t, shell, HostScript(host, state, m))
			if len(out) > 100 {
				t.Errorf("an unchanged host prints %d bytes: %q", len(out), out)
			}
			l, err := ParseHost(strings.NewReader(out))
			must(t, err)
			if d := Compare(m, l, true); !d.Empty() {
				t.Errorf("the same tree with a manifest differs in %q", d.Paths(english))
			}
		})
	}
}

// TestHostDiffers covers every way in which a host can differ.
func TestHostDiffers(t *testing.T) {
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			site, host, state := t.TempDir(), t.TempDir(), t.TempDir()
			files{
				"same": "s", "content": "new", "mode": "#!m", "absent/x": "x", "link": "-> same", "tolink": "-> same",
				"wasdir": "now a file", "waslink/below": "b", "fifo": "f", "dirmode/": "", "unread": "u",
			}.write(t, site)
			files{
				"same": "s", "content": "old", "mode": "#!m", "link": "-> content", "tolink": "file",
				"wasdir/ours": "o", "wasdir/theirs": "t", "waslink": "-> " + t.TempDir(), "stranger": "not ours",
				"old/gone": "ours, no longer in the source", "dirmode/": "", "unread": "u", "elsewhere": "-> " + site,
			}.write(t, host)
			must(t, os.Chmod(filepath.Join(host, "mode"), 0o644))
			must(t, os.Chmod(filepath.Join(host, "dirmode"), 0o700))
			must(t, syscall.Mkfifo(filepath.Join(host, "fifo"), 0o644))
			ours := "old\x00old/gone\x00wasdir\x00wasdir/ours\x00elsewhere/same\x00same\x00never\x00"
			must(t, os.WriteFile(filepath.Join(state, "manifest"), []byte(ours), 0o600))
			m := scan(t, site)
			l := listHost(t, shell, host, state, m)
			kept := []string{
				"+ absent/", "+ absent/x", "~ content (content)", "~ dirmode/ (mode 700 -> 755)",
				"~ fifo (special file -> file)", "~ link (target content -> same)", "~ mode (mode 644 -> 755)",
				"~ tolink (file -> link)", "~ wasdir (folder -> file)", "- wasdir/ours", "~ waslink/ (link -> folder)", "+ waslink/below",
			}
			if got := Compare(m, l, false).Paths(english); !slices.Equal(got, kept) {
				t.Errorf("without removal:\n got %q\nwant %q", got, kept)
			}
			removed := slices.Insert(slices.Clone(kept), 7, "- old/", "- old/gone")
			if got := Compare(m, l, true).Paths(english); !slices.Equal(got, removed) {
				t.Errorf("with removal:\n got %q\nwant %q", got, removed)
			}
		})
	}
}

// TestHostMissing: a first deployment finds nothing at all.
func TestHostMissing(t *testing.T) {
	for name, shell := range shells(t) {
		t.Run(name, func(t *testing.T) {
			site, host := t.TempDir(), t.TempDir()
			files{"Dockerfile": "FROM x", "a/b": "c"}.write(t, site)
			m := scan(t, site)
			l := listHost(t, shell, filepath.Join(host, "not", "there"), filepath.Join(host, "not", ".there.provision"), m)
			if l.State != Absent || l.Free <= 0 || l.inside || len(l.Lacks) > 0 || !l.Complete(m) {
				t.Errorf("listing of a missing folder: %+v", l)
			}
			if got, want := Compare(m, l, true).Paths(english), []string{"+ Dockerfile", "+ a/", "+ a/b"}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestParseHostRefuses(t *testing.T) {
	for _, out := range []string{"", "Welcome!\ntransfer 1\nend\n", "transfer 1\nsame\n", "transfer 1\nlisting\n###\n.\nend\n", "transfer 1\nwhat\nend\n"} {
		if l, err := ParseHost(strings.NewReader(out)); err == nil {
			t.Errorf("%q was accepted: %+v", out, l)
		}
	}
}
