package transfer

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/shell/shelltest"
	"github.com/kehuo/provision/provision/tree"
	"github.com/kehuo/provision/provision/tree/treetest"
)

// TestHostAsExpected shows that a host with the tree in place answers in a few bytes, for all names and shells.
func TestHostAsExpected(t *testing.T) {
	for name, interpreter := range shells(t) {
		t.Run(name, func(t *testing.T) {
			site, host, state := t.TempDir(), t.TempDir(), t.TempDir()
			treetest.OddNames().Write(t, site)
			treetest.OddNames().Write(t, host)
			m := scan(t, site)
			if len(m.Entries) != 22 {
				t.Fatalf("the tree has %d entries: %q", len(m.Entries), paths(m))
			}
			l := listHost(t, interpreter, host, state, m, Reading{})
			if d := Compare(m, l, true); !d.Empty() || l.same {
				t.Errorf("the same tree without a manifest: same %v, differs in %q", l.same, d.Paths(english))
			}
			must(t, os.WriteFile(filepath.Join(state, "manifest"), predict(m.Entries).names, 0o600))
			out := runShell(t, interpreter, HostScript(host, state, m, Reading{}))
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
	for name, interpreter := range shells(t) {
		t.Run(name, func(t *testing.T) {
			site, host, state := t.TempDir(), t.TempDir(), t.TempDir()
			files{
				"same": "s", "content": "new", "mode": "#!m", "absent/x": "x", "link": "-> same", "tolink": "-> same",
				"wasdir": "now a file", "waslink/below": "b", "fifo": "f", "dirmode/": "", "unread": "u",
			}.Write(t, site)
			files{
				"same": "s", "content": "old", "mode": "#!m", "link": "-> content", "tolink": "file",
				"wasdir/ours": "o", "wasdir/theirs": "t", "waslink": "-> " + t.TempDir(), "stranger": "not ours",
				"old/gone": "ours, no longer in the source", "dirmode/": "", "unread": "u", "elsewhere": "-> " + site,
			}.Write(t, host)
			must(t, os.Chmod(filepath.Join(host, "mode"), 0o644))
			must(t, os.Chmod(filepath.Join(host, "dirmode"), 0o700))
			must(t, syscall.Mkfifo(filepath.Join(host, "fifo"), 0o644))
			ours := "old\x00old/gone\x00wasdir\x00wasdir/ours\x00elsewhere/same\x00same\x00never\x00"
			must(t, os.WriteFile(filepath.Join(state, "manifest"), []byte(ours), 0o600))
			m := scan(t, site)
			l := listHost(t, interpreter, host, state, m, Reading{})
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
	for name, interpreter := range shells(t) {
		t.Run(name, func(t *testing.T) {
			site, host := t.TempDir(), t.TempDir()
			files{"Dockerfile": "FROM x", "a/b": "c"}.Write(t, site)
			m := scan(t, site)
			l := listHost(t, interpreter, filepath.Join(host, "not", "there"), filepath.Join(host, "not", ".there.provision"), m, Reading{})
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

// packedBy is a part of a listing that unpacks to what write writes.
func packedBy(write func(io.Writer)) string {
	var b strings.Builder
	lines := base64.NewEncoder(base64.StdEncoding, &b)
	z := gzip.NewWriter(lines)
	write(z)
	_, _ = z.Close(), lines.Close()
	var out strings.Builder
	for text := b.String(); text != ""; text = text[min(76, len(text)):] {
		out.WriteString(text[:min(76, len(text))] + "\n")
	}
	return out.String() + ".\n"
}

// TestListingIsBounded: whatever a host answers takes little memory, and an error tells what is wrong.
func TestListingIsBounded(t *testing.T) {
	repeated := func(text string, times int) func(io.Writer) {
		return func(w io.Writer) {
			block := []byte(strings.Repeat(text, 1000))
			for range times / 1000 {
				_, _ = w.Write(block)
			}
		}
	}
	part := func(name string, write func(io.Writer)) string { return name + "\n" + packedBy(write) }
	tests := map[string]struct{ answer, want string }{
		"zeros":            {part("recorded", repeated("\x00", 1<<27)), "upload.listing-foreign"},
		"zeros for a list": {part("paths", repeated("a\x00", 1000)) + part("listing", repeated("\x00", 1<<27)), "upload.listing-broken"},
		"one long name":    {part("paths", repeated("a", 1<<20)), "upload.listing-large"},
		"many names":       {part("recorded", repeated("a\x00", 1<<24)), "upload.listing-large"},
		"many are staged":  {part("staged", repeated("./a\x00", 1<<24)), "upload.listing-large"},
		"again and again":  {strings.Repeat(part("recorded", repeated(strings.Repeat("a", 999)+"\x00", 100_000)), 3), "upload.listing-large"},
		"a long line":      {strings.Repeat("x", 1<<20), "upload.listing-large"},
		"a long target": {part("paths", func(w io.Writer) { _, _ = w.Write([]byte("l\x00")) }) +
			part("listing", func(w io.Writer) {
				_, _ = w.Write([]byte("a1ff l\n=\n=\nl\x00"))
				repeated("t", 1<<26)(w)
			}), "upload.listing-large"},
		"many large files": {strings.Repeat("large "+strings.Repeat("0", 64)+"\n", maxPaths+1), "upload.listing-large"},
		"outside":          {part("recorded", repeated("../a\x00", 1000)), "upload.listing-foreign"},
		"cut":              {"recorded\n", "upload.listing-short"},
		"no gzip":          {"recorded\nAAAA\n.\n", "upload.listing-broken"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			runtime.GC()
			var before, now, most uint64
			before = heap()
			stop := make(chan struct{})
			var watching sync.WaitGroup
			watching.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(5 * time.Millisecond):
						now = heap()
						most = max(most, now)
					}
				}
			})
			l, err := ParseHost(strings.NewReader("transfer 1\n" + test.answer + "end\n"))
			close(stop)
			watching.Wait()
			if provision.CodeOf(err) != test.want {
				t.Errorf("got %v, %v, want %s", l, err, test.want)
			}
			if most > before+300<<20 {
				t.Errorf("it took %d MiB", (most-before)>>20)
			}
		})
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}

// TestHostScriptInAFunction: the command that gathers all facts runs the script as a function of a subshell, which has arguments
// of its own.
func TestHostScriptInAFunction(t *testing.T) {
	for name, interpreter := range shells(t) {
		t.Run(name, func(t *testing.T) {
			site, state := t.TempDir(), t.TempDir()
			treetest.OddNames().Write(t, site)
			m := scan(t, site)
			must(t, os.WriteFile(filepath.Join(state, "manifest"), predict(m.Entries).names, 0o600))
			script := "set -- outer\nf() {\n" + HostScript(site, state, m, Reading{}) + "}\nout=$(f; echo not reached)\nprintf '%s\\n' \"$out\" \"$1\""
			if got, want := runShell(t, interpreter, script), "transfer 1\nsame\nend\nouter\n"; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestActionsOfACommit: what the host is to do, in the order in which it is done and undone.
func TestActionsOfACommit(t *testing.T) {
	file, folder := tree.File, tree.Directory
	d := Difference{listing: &Listing{}, Changes: []PathChange{
		{Path: "a b", Reason: Content, Want: tree.Entry{Path: "a b", Kind: file}, Have: HostEntry{Kind: file}},
		{Path: "gone", Reason: Removed, Have: HostEntry{Kind: folder, Mode: 0o755}},
		{Path: "gone/x", Reason: Removed, Have: HostEntry{Kind: file}},
		{Path: "link", Reason: Content, Want: tree.Entry{Path: "link", Kind: tree.Link, Target: "-t"}, Have: HostEntry{Kind: tree.Link}},
		{Path: "new", Reason: Added, Want: tree.Entry{Path: "new", Kind: folder, Mode: 0o755}},
		{Path: "new/it's", Reason: Added, Want: tree.Entry{Path: "new/it's", Kind: file}},
		{Path: "run", Reason: Mode, Want: tree.Entry{Path: "run", Kind: file, Mode: 0o755}, Have: HostEntry{Kind: file, Mode: 0o644}},
	}}
	s := newStaging(d)
	got := newPlacement(d).actions(&s)
	for name, want := range map[string]string{
		"prepare": "act folders old/. old/gone tree/. tree/new\nact link -t link\nact staged_mode 755 new\nend\n",
		"guard":   "act writable . gone\nend\n",
		"forward": "act away gone x\nact drop gone\nact keep . 'a b'\nact keep_links . link\nact place . 'a b' link new\nact mode 755 run\nend\n",
		"back":    "act mode 644 run\nact unplace . new\nact undrop 755 gone\nact restore gone x\nact restore . 'a b'\nact restore . link\nend\n",
	} {
		if text := string(got[name].text()); text != want {
			t.Errorf("%s is\n%s\nwant\n%s", name, text, want)
		}
	}
}

// TestMissingToolIsNamed, with its package; a host can do without tar.
func TestMissingToolIsNamed(t *testing.T) {
	site, host := t.TempDir(), t.TempDir()
	files{"Dockerfile": "FROM x"}.Write(t, site)
	script := HostScript(host+"/site", host+"/.site.provision", scan(t, site), Reading{})
	for missing, want := range map[string]string{
		"sha256sum": "sha256sum coreutils", "xargs": "xargs findutils", "find gzip": "find, gzip findutils gzip", "base64 stat": "stat, base64 coreutils",
		"setsid nohup": "nohup coreutils", "setsid": "", "tar": "",
	} {
		out, err := shelltest.Sh().Only(toolsBut(t, strings.Fields(missing)...)).Command(t.Context(), script).Output()
		must(t, err)
		_, err = ParseHost(bytes.NewReader(out))
		got := ""
		var failure *provision.Failure
		if errors.As(err, &failure) && failure.Code == "upload.lacks" {
			got = fmt.Sprintf("%s %s", failure.Values...)
		} else if err != nil {
			t.Errorf("without %s: %v", missing, err)
		}
		if got != want {
			t.Errorf("without %s: got %q, want %q", missing, got, want)
		}
	}
}

// toolsBut is a folder with the commands that the scripts need, but for some.
func toolsBut(t *testing.T, missing ...string) string {
	t.Helper()
	folder := t.TempDir()
	for tool := range strings.FieldsSeq("sh find xargs stat sha256sum sort tar gzip base64 readlink cat cut tr wc mkdir mv cp ln rm rmdir chmod touch df dd grep sed sleep kill setsid nohup") {
		path, err := exec.LookPath(tool)
		must(t, err)
		if !slices.Contains(missing, tool) {
			must(t, os.Symlink(path, filepath.Join(folder, tool)))
		}
	}
	return folder
}
