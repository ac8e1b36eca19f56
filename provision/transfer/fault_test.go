//go:build host

package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/provision/tree"
)

// failing applies and returns the error; the site's folder must be as it was.
func failing(t *testing.T, s *sshd, c *remote.Client, root string, edit func(*Difference)) error {
	t.Helper()
	before := read(t, s.directory)
	d := s.compare(t, c, scan(t, root), true)
	if edit != nil {
		edit(&d)
	}
	err := Apply(t.Context(), c, d, s.options(root))
	if err == nil {
		t.Fatal("there was no error")
	}
	same(t, read(t, s.directory), before)
	return err
}

// wantFault checks the kind of an error and that it tells what to do.
func wantFault(t *testing.T, err error, want string) {
	t.Helper()
	if provision.CodeOf(err) != want {
		t.Errorf("got %v, want the failure %s", err, want)
		return
	}
	t.Log(err)
	for _, tag := range language.Tags() {
		text := language.New(tag).Error(err)
		if strings.Contains(text, "\n") || !strings.Contains(text, map[language.Tag]string{language.English: "run again", language.Chinese: "重新运行"}[tag]) {
			t.Errorf("%q is no sentence that tells what to do", text)
		}
	}
}

// TestChangedWhileSent: what is sent is what was scanned, or nothing is.
func TestChangedWhileSent(t *testing.T) {
	changes := map[string]func(name string) error{
		"longer":  func(name string) error { return os.WriteFile(name, []byte("longer than before"), 0o644) },
		"touched": func(name string) error { return os.Chtimes(name, time.Now(), time.Now().Add(time.Hour)) },
		"gone":    os.Remove,
		"in secret": func(name string) error {
			info, err := os.Stat(name)
			return errors.Join(err, os.WriteFile(name, bytes.Repeat([]byte("y"), int(info.Size())), 0o644), os.Chtimes(name, info.ModTime(), info.ModTime()))
		},
	}
	s := startSSHD(t)
	c := s.dial(t)
	for _, size := range []int{10, 2 << 20, 5 << 20} {
		for name, change := range changes {
			t.Run(fmt.Sprint(name, " ", size), func(t *testing.T) {
				root := t.TempDir()
				files{"a": "old", "file": "old"}.Write(t, root)
				apply(t, s, c, root, true)
				files{"a": "new", "file": strings.Repeat("x", size)}.Write(t, root)
				err := failing(t, s, c, root, func(*Difference) { must(t, change(filepath.Join(root, "file"))) })
				if !strings.Contains(err.Error(), "file") {
					t.Errorf("%v does not name the file", err)
				}
				if name != "gone" && !tree.IsChanged(err) {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

// TestObstructed: what a stranger put there is not touched, and what was done before it was met is undone.
func TestObstructed(t *testing.T) {
	s := startSSHD(t)
	c, root := s.dial(t), t.TempDir()
	files{"a": "1", "b/x": "2", "dir/ours": "3", "gone/y": "4", "link": "-> a"}.Write(t, root)
	apply(t, s, c, root, true)
	files{"dir/theirs": "stranger"}.Write(t, s.directory)
	for _, gone := range []string{"dir", "gone"} {
		must(t, os.RemoveAll(filepath.Join(root, gone)))
	}
	files{"a": "changed", "b/x": "changed", "b/new": "n", "dir": "a file now", "link": "-> b"}.Write(t, root)
	must(t, os.Chmod(filepath.Join(root, "b/x"), 0o755))
	wantFault(t, failing(t, s, c, root, nil), codeObstructed)
	must(t, os.Remove(filepath.Join(s.directory, "dir/theirs")))
	apply(t, s, c, root, true)
	same(t, read(t, s.directory), read(t, root))
}

// TestCut: a link that is cut leaves the old files, and the next run does not send again what arrived.
func TestCut(t *testing.T) {
	s := startSSHD(t)
	relay, err := sandbox.NewRelay(t.Context(), "127.0.0.1:0", s.address, sandbox.Link{Rate: 32 << 20})
	must(t, err)
	defer func() { _ = relay.Close() }()
	root := t.TempDir()
	site := files{"ssl/site.key": "secret", "large": random(24 << 20)}
	for i := range 400 {
		site[fmt.Sprintf("d%d/f%d", i%40, i)] = random(20000 + i)
	}
	site.Write(t, root)
	m := scan(t, root, func(o *tree.Options) { o.Private = []string{"ssl/site.key"} })
	total := m.Size()
	files{"large": "old"}.Write(t, s.directory)
	for cut := 0; ; cut++ {
		c := s.dial(t, relay.Addr())
		d := s.compare(t, c, m, true)
		_, left, _, _ := d.Summary()
		relay.CutAfter(16 << 20)
		var sent int64
		o := s.options(root)
		o.Progress = func(done, _ int64) { sent = done }
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		err := Apply(ctx, c, d, o)
		cancel()
		must(t, c.Close())
		t.Logf("try %d: %d of %d bytes left, %d sent: %v", cut, left, total, sent, err)
		if err == nil {
			break
		}
		if !errors.As(err, new(*remote.LostError)) {
			t.Fatalf("got %v, want a lost connection", err)
		}
		same(t, read(t, s.directory), files{"large": "old"})
		closedToOthers(t, filepath.Join(s.state, "upload"))
		if cut == 4 {
			t.Fatalf("%d bytes are not there after %d times 16 MiB", total, cut+1)
		}
	}
	same(t, read(t, s.directory), read(t, root))
}

// TestCutOften: over a link that dies every few megabytes, what each of its lives has carried counts.
func TestCutOften(t *testing.T) {
	const size, life, kept = 12 << 20, 3 << 20, 3 << 19
	s, root := startSSHD(t), t.TempDir()
	relay, err := sandbox.NewRelay(t.Context(), "127.0.0.1:0", s.address, sandbox.Link{Rate: 32 << 20})
	must(t, err)
	defer func() { _ = relay.Close() }()
	files{"large": random(size)}.Write(t, root)
	m := scan(t, root)
	for lives := 1; ; lives++ {
		c := s.dial(t, relay.Addr())
		d := s.compare(t, c, m, true)
		relay.CutAfter(life)
		err := Apply(t.Context(), c, d, s.options(root))
		must(t, c.Close())
		if err == nil {
			t.Logf("%d bytes took %d lives of %d", size, lives, life)
			break
		}
		if !errors.As(err, new(*remote.LostError)) {
			t.Fatalf("got %v, want a lost connection", err)
		}
		if lives > size/kept { // the first one's blocks are all incomplete
			t.Fatalf("%d bytes are not there after %d lives of %d", size, lives, life)
		}
	}
	same(t, read(t, s.directory), read(t, root))
}

// closedToOthers checks that nobody else can read what is staged.
func closedToOthers(t *testing.T, stage string) {
	t.Helper()
	info, err := os.Stat(stage)
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("%s has mode %o", stage, info.Mode().Perm())
	}
	key, err := os.Stat(filepath.Join(stage, "tree/ssl/site.key"))
	if err == nil && key.Mode().Perm() != 0o600 {
		t.Errorf("the staged key has mode %o", key.Mode().Perm())
	}
}

// TestStagedIsOfAnotherKind: since the cut, a folder has become a link or a file, a file a folder, and one folder has gone.
func TestStagedIsOfAnotherKind(t *testing.T) {
	s := startSSHD(t)
	c, root := s.dial(t), t.TempDir()
	files{"static": "-> new", "large": random(5 << 20), "small": "s", "was/a/": "", "new/deep/file": "f"}.Write(t, root)
	stage := filepath.Join(s.state, "upload/tree")
	files{"static/x": "x", "large/x": "x", "small/x": "x", "was": "a file", "new/gone/": "", "new/deep/file": "f"}.Write(t, stage)
	must(t, os.Chmod(filepath.Dir(stage), 0o700))
	apply(t, s, c, root, true)
	same(t, read(t, s.directory), read(t, root))
}

// TestLeftoversGo: what was cut is not wanted any more.
func TestLeftoversGo(t *testing.T) {
	s := startSSHD(t)
	c, root := s.dial(t), t.TempDir()
	files{"a": "a"}.Write(t, root)
	apply(t, s, c, root, true)
	files{"upload/tree/b": "b"}.Write(t, s.state)
	d := s.compare(t, c, scan(t, root), true)
	if !d.Leftovers() {
		t.Fatal("what is left is not seen")
	}
	must(t, Discard(t.Context(), c, d, s.options(root)))
	if d := s.compare(t, c, scan(t, root), true); d.Leftovers() || !d.Empty() {
		t.Errorf("%q, left: %v", d.Paths(english), d.Leftovers())
	}
}

// TestStagedIsChecked: what a cut upload left is only kept where it is what is wanted.
func TestStagedIsChecked(t *testing.T) {
	s := startSSHD(t)
	c, root := s.dial(t), t.TempDir()
	content := random(9 << 20)
	files{"small": "s", "large": content}.Write(t, root)
	m := scan(t, root)
	large := filepath.Join(s.state, "upload/large")
	must(t, os.MkdirAll(large, 0o700))
	partly := []byte(content[:5<<20+5])
	partly[2<<20] ^= 1
	must(t, os.WriteFile(filepath.Join(large, largeName(m.Entries[0])), partly, 0o600))
	must(t, os.WriteFile(filepath.Join(large, strings.Repeat("0", 64)), []byte("of another time"), 0o600))
	files{"upload/tree/small": "x", "upload/tree/stale/y": "z"}.Write(t, s.state)
	d := s.compare(t, c, m, true)
	sent, total := int64(0), int64(0)
	o := s.options(root)
	o.Progress = func(done, of int64) {
		if sent == 0 {
			sent = done // the first step: what need not be sent
		}
		total = of
	}
	must(t, Apply(t.Context(), c, d, o))
	same(t, read(t, s.directory), read(t, root))
	if sent < blockSize || sent > blockSize+1 || total != int64(len(content))+1 {
		t.Errorf("at first %d of %d bytes were done", sent, total)
	}
}

// TestDamagedOnTheWay: what arrives otherwise than it was sent is noticed and sent again.
func TestDamagedOnTheWay(t *testing.T) {
	s := startSSHD(t)
	c, root := s.dial(t), t.TempDir()
	files{"large": random(9 << 20)}.Write(t, root)
	m := scan(t, root)
	staged := filepath.Join(s.state, "upload/large", largeName(m.Entries[0]))
	damaged := false
	o := s.options(root)
	o.Progress = func(done, total int64) {
		if done == total && !damaged {
			f, err := os.OpenFile(staged, os.O_WRONLY, 0)
			must(t, err)
			_, err = f.WriteAt([]byte("damage"), 3<<20)
			must(t, errors.Join(err, f.Close()))
			damaged = true
		}
	}
	must(t, Apply(t.Context(), c, s.compare(t, c, m, true), o))
	same(t, read(t, s.directory), read(t, root))
	if !damaged {
		t.Error("nothing was damaged")
	}
}

// TestDamagedForGood: a host on which nothing is ever as it was sent is an error, and gets nothing in place.
func TestDamagedForGood(t *testing.T) {
	tools := t.TempDir()
	for _, name := range []string{"openssl", "sha256sum"} {
		must(t, os.WriteFile(filepath.Join(tools, name), []byte("#!/bin/sh\ncat >/dev/null\nexit 1\n"), 0o755))
	}
	s := startSSHD(t, "SetEnv PATH="+tools+":/usr/bin:/bin")
	c, root := s.dial(t), t.TempDir()
	files{"a": "1"}.Write(t, root)
	must(t, os.MkdirAll(s.directory, 0o755))
	wantFault(t, failing(t, s, c, root, nil), codeDamaged)
}

func TestFaultOf(t *testing.T) {
	for text, want := range map[string]string{
		"tar: tree/x: Cannot write: No space left on device":       codeDiskFull,
		"mv: cannot move 'a' to 'b': Disk quota exceeded":          codeQuota,
		"mkdir: can't create directory 'x': Read-only file system": codeReadOnly,
		"/home/kevin/dev/myweb/./":                                 "",
		"tar: x: time stamp 2030-01-01 is 5 s in the future":       "",
	} {
		if got := faultIn(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

// TestHostFaults meets the faults of a file system, on a host of its own and as its ordinary user.
func TestHostFaults(t *testing.T) {
	h := sandboxtest.Host(t, sandbox.Options{NoBaseImage: true})
	c, err := remote.Dial(t.Context(), remote.Config{Name: h.Name, Address: h.Address, Port: h.Port, User: h.User,
		Identity: h.Identity, KnownHosts: h.KnownHosts, SSHConfig: "none"})
	must(t, err)
	defer func() { _ = c.Close() }()
	asRoot := func(t *testing.T, script string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), "docker", "exec", h.Container, "sh", "-ec", script).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", script, err, out)
		}
	}
	tests := map[string]struct {
		prepare string // as root; $d is where the site's folder will be
		ready   string // as root, once the first upload is there
		size    int
		unasked bool // the host does not say how much is free
		want    string
	}{
		"full disk, told ahead": {size: 1 << 20, want: "upload.no-room"},
		"full disk, bundles":    {size: 1 << 20, unasked: true, want: codeDiskFull},
		"full disk, small":      {ready: `dd if=/dev/zero of=$d/fill bs=1k 2>/dev/null || true`, size: 100, unasked: true, want: codeDiskFull},
		"full disk, ranges":     {size: 30 << 20, unasked: true, want: codeDiskFull},
		"read-only":             {ready: `mount -o remount,ro $d`, size: 100, want: codeReadOnly},
		"read-only, ranges":     {ready: `mount -o remount,ro $d`, size: 5 << 20, unasked: true, want: codeReadOnly},
		"denied":                {ready: `chown root $d/myweb/sub && chmod 755 $d/myweb/sub`, size: 100, want: codeDenied},
		"state folder denied":   {ready: `chown root $d/.myweb.provision`, size: 100, want: codeDenied},
		"site closed":           {ready: `chown root $d/myweb && chmod 700 $d/myweb`, size: 100, want: "upload.closed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := "/home/kevin/" + strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", "")
			asRoot(t, "mkdir "+d+"; mount -t tmpfs -o size=4m,uid=kevin,mode=755 none "+d)
			s := &sshd{directory: d + "/myweb", state: d + "/.myweb.provision"}
			root := t.TempDir()
			files{"Dockerfile": "FROM x", "sub/a": "old"}.Write(t, root)
			first := s.compare(t, c, scan(t, root), true)
			must(t, Apply(t.Context(), c, first, s.options(root)))
			files{"Dockerfile": "FROM y"}.Write(t, root)
			for i := range 8 {
				files{fmt.Sprintf("sub/f%d", i): random(test.size)}.Write(t, root)
			}
			if test.ready != "" {
				asRoot(t, "d="+d+"; "+test.ready)
			}
			difference := s.compare(t, c, scan(t, root), true)
			if test.unasked {
				difference.listing.Free = -1
			}
			err := Apply(t.Context(), c, difference, s.options(root))
			wantFault(t, err, test.want)
			asRoot(t, "cd "+d+"/myweb; test \"$(cat Dockerfile sub/a)\" = 'FROM xold'; test ! -e sub/f0")
			if test.want == codeDiskFull {
				asRoot(t, "test ! -e "+d+"/.myweb.provision/upload")
			}
		})
	}
}
