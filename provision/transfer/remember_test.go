package transfer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/shell/shelltest"
)

// rereader is a host with a site, on which it is known what is read.
type rereader struct {
	t                 *testing.T
	shell             shelltest.Shell
	site, host, state string
	log               string
	late              int // seconds that have gone by since the files were changed
}

func newRereader(t *testing.T, shell shelltest.Shell, content files) *rereader {
	t.Helper()
	r := &rereader{t: t, shell: shell, site: t.TempDir(), host: t.TempDir(), state: t.TempDir(), log: filepath.Join(t.TempDir(), "log"), late: 60}
	content.Write(t, r.site)
	content.Write(t, r.host)
	must(t, os.WriteFile(filepath.Join(r.state, "manifest"), predict(scan(t, r.site).Entries).names, 0o600))
	return r
}

// tool has a command of the host's do something else. It can call its namesake.
func (r *rereader) tool(name, text string) {
	r.t.Helper()
	tools := r.t.TempDir()
	must(r.t, os.WriteFile(filepath.Join(tools, name), []byte("#!/bin/sh\nPATH=${PATH#"+tools+":}\n"+text+"\n"), 0o755))
	r.shell = r.shell.With(tools)
}

// look lists the host, and tells what differs and which files were read for that.
func (r *rereader) look(how Reading) (changes, read []string) {
	r.t.Helper()
	m := scan(r.t, r.site)
	spy := shell.Text(fmt.Sprintf(`xargs() { case $* in *sha256*) tee -a %s | command xargs "$@" ;; *) command xargs "$@" ;; esac; }
date() { echo $(($(command date +%%s) + %d)); }
`, r.log, r.late))
	l, err := ParseHost(strings.NewReader(r.shell.Run(r.t, spy+HostScript(r.host, r.state, m, how))))
	must(r.t, err)
	log, _ := os.ReadFile(r.log)
	_ = os.Remove(r.log)
	if read = strings.Split(string(log), "\x00"); len(read) > 0 {
		read = read[:len(read)-1]
	}
	slices.Sort(read)
	return Compare(m, l, how.Remove).Paths(english), read
}

func (r *rereader) expect(what string, how Reading, changes, read []string) {
	r.t.Helper()
	differs, seen := r.look(how)
	if !slices.Equal(differs, changes) || !slices.Equal(seen, read) {
		r.t.Errorf("%s:\nfound %q, want %q\nread  %q, want %q", what, differs, changes, seen, read)
	}
}

// rewrite changes a file of the host without changing size and mtime.
func (r *rereader) rewrite(name, content string) {
	r.t.Helper()
	name = filepath.Join(r.host, name)
	before, err := os.Stat(name)
	must(r.t, err)
	must(r.t, os.WriteFile(name, []byte(content), 0o644))
	must(r.t, os.Chtimes(name, before.ModTime(), before.ModTime()))
}

// forge has the host remember another content of a file.
func (r *rereader) forge(name, content string) {
	r.t.Helper()
	kept, err := os.ReadFile(filepath.Join(r.state, "hashes"))
	must(r.t, err)
	found := false
	for line := range strings.Lines(string(kept)) {
		if strings.HasSuffix(line, " "+name+"\n") {
			kept, found = []byte(strings.Replace(string(kept), line, sum([]byte(content))+line[64:], 1)), true
		}
	}
	if !found {
		r.t.Fatalf("no hash is kept of %s:\n%s", name, kept)
	}
	must(r.t, os.WriteFile(filepath.Join(r.state, "hashes"), kept, 0o600))
}

var (
	rereadFiles = files{"a": "aaa", "b c/d": "ddd", "é": "#!e", "l": "-> a", "empty/": "", "large": strings.Repeat("l", 1<<20)}
	rereadAll   = []string{"./a", "./b c/d", "./large", "./é"}
	keeping     = Reading{Remember: true}
)

// TestUnchangedFilesAreNotRead: what a host has read once it reads again only where it was changed, whatever its mtime says.
func TestUnchangedFilesAreNotRead(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		r := newRereader(t, s, rereadFiles)
		r.expect("at first", Reading{}, nil, rereadAll)
		r.expect("nothing was kept", keeping, nil, rereadAll)
		r.expect("nothing has changed", Reading{}, nil, nil)
		r.expect("everything is asked for", Reading{Verify: true, Remember: true}, nil, rereadAll)

		r.rewrite("a", "axa")
		r.expect("a byte", keeping, []string{"~ a (content)"}, []string{"./a"})
		r.expect("a byte, again", keeping, []string{"~ a (content)"}, nil)
		r.rewrite("a", "aaa")
		r.expect("and back", keeping, nil, []string{"./a"})

		must(t, os.Rename(filepath.Join(r.host, "é"), filepath.Join(r.host, "new")))
		must(t, os.WriteFile(filepath.Join(r.host, "é"), []byte("#!e"), 0o755))
		r.expect("another inode", keeping, nil, []string{"./é"})
		must(t, os.Chmod(filepath.Join(r.host, "a"), 0o600))
		r.expect("another mode", keeping, []string{"~ a (mode 600 -> 644)"}, []string{"./a"})
		must(t, os.Chmod(filepath.Join(r.host, "a"), 0o644))

		// The set of files changes on either side.
		files{"new": "nnn"}.Write(t, r.site)
		r.expect("one more file", keeping, []string{"~ new (content)"}, []string{"./a", "./new"})
		must(t, os.Remove(filepath.Join(r.site, "new")))
		must(t, os.Remove(filepath.Join(r.host, "b c/d")))
		r.expect("one file less", keeping, []string{"+ b c/d"}, nil)
	})
}

// TestStrangeFilesAreNotRead: what lies in the site's folder and is no part of it, and what was and stays, costs nothing.
func TestStrangeFilesAreNotRead(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		r := newRereader(t, s, rereadFiles)
		for _, name := range []string{"dump", "kept"} {
			f, err := os.Create(filepath.Join(r.host, name))
			must(t, err)
			must(t, f.Truncate(200<<20))
			must(t, f.Close())
		}
		must(t, os.WriteFile(filepath.Join(r.state, "manifest.kept"), []byte("kept\x00"), 0o600))
		r.expect("it stays", keeping, nil, rereadAll)
		r.expect("it is to go", Reading{Remove: true}, []string{"- kept"}, nil)
		out := r.shell.Run(t, HostScript(r.host, r.state, scan(t, r.site), Reading{}))
		if out != "transfer 1\nsame\nend\n" {
			t.Errorf("the host answers %q", out)
		}
	})
}

// TestYoungFilesAreRead: a file that was changed in the moment before it was read may change again unseen.
func TestYoungFilesAreRead(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		r := newRereader(t, s, rereadFiles)
		r.late = -30 // this machine may be slow
		must(t, os.WriteFile(filepath.Join(r.host, "a"), []byte("aaa"), 0o644))
		r.expect("at first", keeping, nil, rereadAll)
		_, read := r.look(keeping)
		if !slices.Contains(read, "./a") {
			t.Errorf("a file that has just been written is trusted; read were %q", read)
		}
	})
}

// TestForgedHashes: what the host remembers is believed, unless everything is to be read.
func TestForgedHashes(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		r := newRereader(t, s, rereadFiles)
		r.look(keeping)
		r.rewrite("a", "axa")
		r.look(keeping)
		r.forge("a", "aaa")
		r.expect("a lie", Reading{}, nil, nil)
		r.expect("a lie that is looked into", Reading{Verify: true}, []string{"~ a (content)"}, rereadAll)
		r.expect("it is still there", Reading{}, nil, nil)
		r.expect("a lie that is put right", Reading{Verify: true, Remember: true}, []string{"~ a (content)"}, rereadAll)
		r.expect("the truth", Reading{}, []string{"~ a (content)"}, nil)
	})
}

// TestBrokenHashes: a file that no run has written is not believed, does no harm, and is replaced.
func TestBrokenHashes(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		r := newRereader(t, s, rereadFiles)
		r.look(keeping)
		file := filepath.Join(r.state, "hashes")
		good, err := os.ReadFile(file)
		must(t, err)
		if mode, err := os.Stat(file); err != nil || mode.Mode() != 0o600 {
			t.Errorf("it has the mode %v, %v", mode.Mode(), err)
		}
		outside := filepath.Join(t.TempDir(), "outside")
		for name, lay := range map[string]func() error{
			"words":      func() error { return os.WriteFile(file, []byte("what\n=\n=\nis = this"), 0o600) },
			"zeros":      func() error { return os.WriteFile(file, make([]byte, 1<<20), 0o600) },
			"no hash":    func() error { return os.WriteFile(file, []byte(strings.ReplaceAll(string(good), "0", "z")), 0o600) },
			"its middle": func() error { return os.WriteFile(file, good[70:len(good)/2], 0o600) },
			"one line":   func() error { return os.WriteFile(file, []byte(strings.ReplaceAll(string(good), "\n", " ")), 0o600) },
			"a pipe":     func() error { return syscall.Mkfifo(file, 0o600) },
			"a link":     func() error { must(t, os.WriteFile(outside, good, 0o600)); return os.Symlink(outside, file) },
		} {
			must(t, os.Remove(file))
			must(t, lay())
			_, read := r.look(keeping)
			if len(read) < 3 { // half of a good file is good for that half
				t.Errorf("%s: it is believed; read were %q", name, read)
			}
			if now, _ := os.ReadFile(file); string(now) != string(good) {
				t.Errorf("%s: it is not replaced:\n%s", name, now)
			}
			r.expect(name+", replaced", Reading{}, nil, nil)
		}
		if now, _ := os.ReadFile(outside); string(now) != string(good) {
			t.Errorf("a file elsewhere is written to")
		}
		must(t, os.Remove(file))
		must(t, os.MkdirAll(filepath.Join(file, "inside"), 0o700))
		r.expect("a folder", keeping, nil, rereadAll)
		if left, _ := filepath.Glob(file + "*"); len(left) != 1 {
			t.Errorf("there are left %q", left)
		}
	})
}

// TestHostsThatCannotRemember read everything, always.
func TestHostsThatCannotRemember(t *testing.T) {
	for name, spoil := range map[string]func(*rereader){
		"a stat without times": func(r *rereader) {
			r.tool("stat", `for a do shift; case $a in *%Z*) a='%f %d %i %s Y ? z %n' ;; esac; set -- "$@" "$a"; done; exec stat "$@"`)
		},
		"a network file system": func(r *rereader) { r.tool("stat", `case $1 in -f) echo 6969 ;; *) exec stat "$@" ;; esac`) },
		"another device":        func(r *rereader) { r.tool("stat", `case $2 in %d) echo 7 ;; *) exec stat "$@" ;; esac`) },
		"a clock that is late":  func(r *rereader) { r.late = -86400 },
		"a name with a line end": func(r *rereader) {
			for _, root := range []string{r.site, r.host} {
				must(r.t, os.WriteFile(filepath.Join(root, "a\nb"), nil, 0o644))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRereader(t, shelltest.Sh(), rereadFiles)
			spoil(r)
			for range 3 {
				if changes, read := r.look(keeping); len(changes) > 0 || len(read) < len(rereadAll) {
					t.Errorf("found %q, read %q", changes, read)
				}
			}
		})
	}
	t.Run("no awk", func(t *testing.T) {
		site, host, state := t.TempDir(), t.TempDir(), t.TempDir()
		rereadFiles.Write(t, site)
		rereadFiles.Write(t, host)
		m := scan(t, site)
		must(t, os.WriteFile(filepath.Join(state, "manifest"), predict(m.Entries).names, 0o600))
		if out := shelltest.Sh().Only(toolsBut(t)).Run(t, HostScript(host, state, m, keeping)); out != "transfer 1\nsame\nend\n" {
			t.Errorf("got %q", out)
		}
	})
}

// TestManyFiles: more names than BusyBox's xargs gives to one command.
func TestManyFiles(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		content := files{}
		for i := range 500 {
			content[fmt.Sprintf("folder %d/%0100d", i%10, i)] = strings.Repeat("x", 3000)
		}
		r := newRereader(t, s, content)
		if changes, read := r.look(keeping); len(changes) > 0 || len(read) != 500 {
			t.Errorf("at first: found %d changes, read %d files", len(changes), len(read))
		}
		r.expect("again", keeping, nil, nil)
		odd := files{"odd\\name": ""} // which nothing is remembered beside
		odd.Write(t, r.site)
		odd.Write(t, r.host)
		m := scan(t, r.site)
		must(t, os.WriteFile(filepath.Join(r.state, "manifest"), predict(m.Entries).names, 0o600))
		if out := r.shell.Run(t, HostScript(r.host, r.state, m, keeping)); out != "transfer 1\nsame\nend\n" {
			t.Errorf("the host answers %q", out)
		}
	})
}
