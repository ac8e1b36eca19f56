//go:build host

package transfer

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/tree"
	"github.com/kehuo/provision/provision/tree/treetest"
)

// hosts are the kinds of host that there are, by the tools they have.
func hosts(t *testing.T) map[string]*sshd {
	t.Helper()
	busybox := shells(t)["busybox"][1]
	return map[string]*sshd{
		"gnu":                 startSSHD(t),
		"busybox":             startSSHD(t, "SetEnv "+busybox),
		"busybox alone":       startBusyBox(t),
		"no tar":              startSSHD(t, "SetEnv PATH="+toolsBut(t, "tar")),
		"POSIX by the letter": startSSHD(t, "SetEnv POSIXLY_CORRECT=1"),
		"one session":         startSSHD(t, "MaxSessions 1"),
	}
}

// apply scans, compares, applies, and shows that the host then has nothing left to change.
func apply(t *testing.T, s *sshd, c *remote.Client, root string, remove bool, private ...string) Difference {
	t.Helper()
	m := scan(t, root, func(o *tree.Options) { o.Private = private })
	d := s.compare(t, c, m, remove)
	var last, total int64
	o := s.options(root)
	o.Progress = func(done, of int64) {
		if done < last || total != 0 && of != total || done > of {
			t.Errorf("progress went from %d of %d to %d of %d", last, total, done, of)
		}
		last, total = done, of
	}
	must(t, Apply(t.Context(), c, d, o))
	if _, bytes, _, _ := d.Summary(); last != total || total != bytes {
		t.Errorf("progress ended at %d of %d bytes, the plan said %d", last, total, bytes)
	}
	if left := s.compare(t, c, m, remove); !left.Empty() {
		t.Errorf("after Apply there is left: %q", left.Paths(english))
	}
	if _, err := os.Stat(filepath.Join(s.state, "upload")); err == nil && !d.Empty() {
		t.Error("the staging folder is still there")
	}
	return d
}

// read is what is in a folder, as files describes it.
func read(t *testing.T, root string) files {
	t.Helper()
	site := files{}
	must(t, filepath.WalkDir(root, func(p string, e fs.DirEntry, err error) error {
		if err != nil || p == root {
			return err
		}
		name, err := filepath.Rel(root, p)
		must(t, err)
		switch {
		case e.IsDir():
			site[name+"/"] = ""
		case e.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(p)
			must(t, err)
			site[name] = "-> " + target
		default:
			content, err := os.ReadFile(p)
			must(t, err)
			site[name] = string(content)
		}
		return nil
	}))
	return site
}

func same(t *testing.T, got, want files) {
	t.Helper()
	if !maps.Equal(got, want) {
		for name := range want {
			if got[name] != want[name] {
				t.Errorf("%q is %.60q, want %.60q", name, got[name], want[name])
			}
		}
		for name := range got {
			if _, ok := want[name]; !ok {
				t.Errorf("%q should not be there", name)
			}
		}
	}
}

// TestApply walks a site through its life on every kind of host.
func TestApply(t *testing.T) {
	for name, s := range hosts(t) {
		t.Run(name, func(t *testing.T) {
			c := s.dial(t)
			root := t.TempDir()
			treetest.OddNames().Write(t, root)
			big := random(5<<20 + 17)
			files{"big": big, "once/more/big": big, "again": big, "Dockerfile": "FROM x", "ssl/site.key": "secret", "replaced": "old", "removed/a": "a", "removed/b/c": "c",
				"file2dir": "f", "dir2file/x": "x", "link": "-> replaced"}.Write(t, root)
			apply(t, s, c, root, true, "ssl/site.key")
			same(t, read(t, s.directory), read(t, root))
			for path, mode := range map[string]fs.FileMode{"ssl": 0o700, "ssl/site.key": 0o600, "Dockerfile": 0o644, "deep/er/st/f": 0o755, "big": 0o644} {
				info, err := os.Stat(filepath.Join(s.directory, path))
				must(t, err)
				if info.Mode().Perm() != mode {
					t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), mode)
				}
				if local, err := os.Stat(filepath.Join(root, path)); err != nil || !info.IsDir() && local.ModTime().Unix() != info.ModTime().Unix() {
					t.Errorf("%s is of %v there and of %v here", path, info.ModTime(), local.ModTime())
				}
			}
			stranger := files{"stranger": "s", "removed/theirs": "t"}
			stranger.Write(t, s.directory)
			for _, gone := range []string{"removed", "file2dir", "dir2file", "link", "empty", "-rf"} {
				must(t, os.RemoveAll(filepath.Join(root, gone)))
			}
			files{"replaced": "new", "file2dir/in": "it", "dir2file": "now a file", "link": "-> Dockerfile", "added/x/y": "z"}.Write(t, root)
			must(t, os.Chmod(filepath.Join(root, "Dockerfile"), 0o755))
			d := apply(t, s, c, root, true, "ssl/site.key")
			if send, _, _, removed := d.Summary(); send != 4 || removed != 7 {
				t.Errorf("%d files sent and %d removed: %q", send, removed, d.Paths(english))
			}
			want := read(t, root)
			maps.Copy(want, stranger)
			want["removed/"] = ""
			same(t, read(t, s.directory), want)
			if d := s.compare(t, c, scan(t, root, func(o *tree.Options) { o.Private = []string{"ssl/site.key"} }), true); !d.listing.same {
				t.Error("a host without any difference does not say so in one word")
			}
		})
	}
}

// TestApplyKeepsWhatIsOurs: without removal, what is no longer in the source stays and is remembered.
func TestApplyKeepsWhatIsOurs(t *testing.T) {
	s := startSSHD(t)
	c, root := s.dial(t), t.TempDir()
	files{"a": "1", "gone/x": "2"}.Write(t, root)
	apply(t, s, c, root, false)
	must(t, os.RemoveAll(filepath.Join(root, "gone")))
	files{"a": "3"}.Write(t, root)
	apply(t, s, c, root, false)
	same(t, read(t, s.directory), files{"a": "3", "gone/": "", "gone/x": "2"})
	files{"b": ""}.Write(t, root)
	apply(t, s, c, root, false)
	d := apply(t, s, c, root, true)
	if want := []string{"- gone/", "- gone/x"}; !slices.Equal(d.Paths(english), want) {
		t.Errorf("the removal is %q, want %q", d.Paths(english), want)
	}
	same(t, read(t, s.directory), files{"a": "3", "b": ""})
}

// TestApplyManyFiles sends more than goes along with the commit.
func TestApplyManyFiles(t *testing.T) {
	site := files{}
	for i := range 1000 {
		site[fmt.Sprintf("d%d/e%d/file%d", i%20, i%200, i)] = random(rand.IntN(30 << 10))
	}
	for name, s := range map[string]*sshd{"gnu": startSSHD(t), "busybox alone": startBusyBox(t)} {
		t.Run(name, func(t *testing.T) {
			c, root := s.dial(t), t.TempDir()
			site.Write(t, root)
			apply(t, s, c, root, true)
			same(t, read(t, s.directory), read(t, root))
			for name := range site {
				if rand.IntN(2) == 0 {
					files{name: random(1000)}.Write(t, root)
				}
			}
			apply(t, s, c, root, true)
			same(t, read(t, s.directory), read(t, root))
		})
	}
}

// TestApplyOneFile: a tree that differs in one file sends that file and no more.
func TestApplyOneFile(t *testing.T) {
	s := startSSHD(t)
	c, root := s.dial(t), t.TempDir()
	files{"a": "1", "b/c": "2", "b/d": "3"}.Write(t, root)
	apply(t, s, c, root, true)
	before, err := os.Stat(filepath.Join(s.directory, "b/d"))
	must(t, err)
	files{"b/c": "changed"}.Write(t, root)
	d := apply(t, s, c, root, true)
	if send, bytes, adjust, remove := d.Summary(); send != 1 || bytes != 7 || adjust+remove != 0 {
		t.Errorf("sent %d files of %d bytes: %q", send, bytes, d.Paths(english))
	}
	if after, err := os.Stat(filepath.Join(s.directory, "b/d")); err != nil || !os.SameFile(before, after) {
		t.Error("another file was touched")
	}
}

// TestBundleIsPrivate: nobody else can read a bundle, from its first byte on.
func TestBundleIsPrivate(t *testing.T) {
	s := startSSHD(t)
	c := s.dial(t)
	must(t, os.MkdirAll(s.state, 0o755))
	p := Prepare(t.Context(), c, s.directory, s.state, &tree.Manifest{Entries: []tree.Entry{{Path: "a", Kind: tree.File, Size: 1, Fresh: true}}})
	defer p.Close()
	<-p.openInbox().ended
	must(t, p.openInbox().err)
	for path, want := range map[string]fs.FileMode{p.folder: 0o700, p.folder + "/bundle": 0o600} {
		info, err := os.Stat(path)
		must(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
	}
}

// TestNoSFTP: a host without the subsystem is told of in one sentence that says what to do.
func TestNoSFTP(t *testing.T) {
	s := startSSHD(t, "Subsystem other /bin/false")
	c, root := s.dial(t), t.TempDir()
	files{"a": "1"}.Write(t, root)
	must(t, os.MkdirAll(s.directory, 0o755))
	said := language.New(language.English).Error(failing(t, s, c, root, nil))
	if !strings.Contains(said, "Subsystem sftp internal-sftp") || strings.Contains(said, "\n") {
		t.Errorf("got %v", said)
	}
}

// random is text that does not compress.
func random(n int) string {
	source := rand.NewChaCha8([32]byte{byte(n)})
	b := make([]byte, n)
	_, _ = source.Read(b)
	return string(b)
}
