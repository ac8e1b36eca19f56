package transfer

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestScanUploadsWhatIsAsked(t *testing.T) {
	site := files{
		"Dockerfile": "FROM x", ".dockerignore": "*.log\nsecret\n!keep.log\nDockerfile\nssl_files", ".provisionignore": "made-there",
		"a.log": "", "keep.log": "", "resource/app.py": "x", "resource/app.log": "", "resource/run": "#!/bin/sh", "empty/": "",
		"secret/x": "", "made-there/y": "", "ssl_files/site.key": "k", "ssl_files/site.pem": "c", "ssl_files/other": "o",
	}
	tests := map[string]struct {
		change func(*ScanOptions)
		want   []string
	}{
		"everything": {func(o *ScanOptions) {}, []string{".dockerignore", ".provisionignore", "Dockerfile", "empty", "keep.log", "resource", "resource/app.log", "resource/app.py", "resource/run"}},
		"some":       {func(o *ScanOptions) { o.Upload = []string{"resource/app.py", "./keep.log"} }, []string{".dockerignore", "Dockerfile", "keep.log", "resource", "resource/app.py"}},
		"not these": {func(o *ScanOptions) {
			o.Upload, o.Never = []string{".", "keep.log"}, []string{"keep.log", "resource/app.log", "empty"}
		}, []string{".dockerignore", ".provisionignore", "Dockerfile", "resource", "resource/app.py", "resource/run"}},
		"certificate": {func(o *ScanOptions) {
			o.Upload, o.Private, o.Always = []string{"empty"}, []string{"ssl_files/site.key"}, []string{"ssl_files/site.pem"}
		}, []string{".dockerignore", "Dockerfile", "empty", "ssl_files", "ssl_files/site.key", "ssl_files/site.pem"}},
	}
	root := t.TempDir()
	site.write(t, root)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := paths(scan(t, root, test.change)); !slices.Equal(got, test.want) {
				t.Errorf("\n got %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestScanModes(t *testing.T) {
	root := t.TempDir()
	files{"ssl/site.key": "k", "ssl/site.pem": "p", "run": "#!", "top.key": "k", "open": ""}.write(t, root)
	must(t, os.Chmod(filepath.Join(root, "open"), 0o666))
	must(t, os.Chmod(filepath.Join(root, "run"), 0o711))
	m := scan(t, root, func(o *ScanOptions) { o.Private = []string{"ssl/site.key", "top.key"} })
	want := map[string]os.FileMode{"open": 0o644, "run": 0o755, "ssl": 0o700, "ssl/site.key": 0o600, "ssl/site.pem": 0o644, "top.key": 0o600}
	for _, e := range m.Entries {
		if e.Mode != want[e.Path] {
			t.Errorf("%s has mode %o, want %o", e.Path, e.Mode, want[e.Path])
		}
	}
}

// A key that is a link is as secret as the file that it leads to.
func TestScanClosesWhatAPrivateLinkLeadsTo(t *testing.T) {
	root := t.TempDir()
	files{".provisionignore": "archive", "archive/x/privkey1.pem": "k", "archive/other": "o", "live": "-> archive/x", "ssl/site.key": "-> ../live/privkey1.pem"}.write(t, root)
	m := scan(t, root, func(o *ScanOptions) { o.Private = []string{"ssl/site.key"} })
	want := map[string]os.FileMode{".provisionignore": 0o644, "archive": 0o755, "archive/x": 0o700, "archive/x/privkey1.pem": 0o600, "live": 0o777, "ssl": 0o700, "ssl/site.key": 0o777}
	for _, e := range m.Entries {
		if mode, ok := want[e.Path]; !ok || e.Mode != mode {
			t.Errorf("%s has mode %o, want %o", e.Path, e.Mode, mode)
		}
		delete(want, e.Path)
	}
	if len(want) > 0 {
		t.Errorf("these are missing: %v", want)
	}
}

func TestScanRefuses(t *testing.T) {
	tests := map[string]struct {
		prepare func(root string) error
		want    string
	}{
		"link out":      {func(r string) error { return os.Symlink("../out", filepath.Join(r, "l")) }, "leads out of the site's source"},
		"absolute link": {func(r string) error { return os.Symlink("/etc/passwd", filepath.Join(r, "l")) }, "is absolute"},
		"link out by links": {func(r string) error {
			return errors.Join(os.Mkdir(filepath.Join(r, "d"), 0o755), os.Symlink("..", filepath.Join(r, "d", "up")),
				os.Symlink("d/up/../x", filepath.Join(r, "l")))
		}, "leads out of the site's source"},
		"circle":     {func(r string) error { return os.Symlink("l", filepath.Join(r, "l")) }, "in a circle"},
		"named pipe": {func(r string) error { return syscall.Mkfifo(filepath.Join(r, "p"), 0o600) }, "is a named pipe"},
		"pattern":    {func(r string) error { return os.WriteFile(filepath.Join(r, ".dockerignore"), []byte("[a"), 0o600) }, "correct the pattern"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			must(t, test.prepare(root))
			_, err := Scan(t.Context(), ScanOptions{Root: root, Cache: noCache})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want ...%s...", err, test.want)
			}
		})
	}
	for _, upload := range []string{"../x", "/etc", "", "absent"} {
		if _, err := Scan(t.Context(), ScanOptions{Root: t.TempDir(), Upload: []string{upload}, Cache: noCache}); err == nil {
			t.Errorf("upload %q was accepted", upload)
		}
	}
}

func TestScanRefusesSocket(t *testing.T) {
	root, err := os.MkdirTemp("", "s") // a socket's path must be short
	must(t, err)
	defer func() { _ = os.RemoveAll(root) }()
	listener, err := net.Listen("unix", filepath.Join(root, "s"))
	must(t, err)
	defer func() { _ = listener.Close() }()
	if _, err := Scan(t.Context(), ScanOptions{Root: root, Cache: noCache}); err == nil || !strings.Contains(err.Error(), "is a socket") {
		t.Errorf("got %v", err)
	}
}

func TestScanAcceptsLinksWithin(t *testing.T) {
	root := t.TempDir()
	files{"a/b": "", "a/up": "-> ../a/b", "top": "-> a", "dangling": "-> nowhere/at/all", "a/self": "-> ."}.write(t, root)
	if got := len(scan(t, root).Entries); got != 6 {
		t.Errorf("%d entries, want 6", got)
	}
}

func TestDigestSeesWhatTheBuilderSees(t *testing.T) {
	root := t.TempDir()
	tree := files{"Dockerfile": "FROM x", ".dockerignore": "keys", "keys/k": "1", "a": "a"}
	tree.write(t, root)
	digest := func() string {
		return scan(t, root, func(o *ScanOptions) { o.Private = []string{"keys/k"} }).Digest()
	}
	first := digest()
	must(t, os.Chtimes(filepath.Join(root, "a"), time.Now(), time.Now().Add(time.Hour)))
	files{"keys/k": "2"}.write(t, root)
	if digest() != first {
		t.Error("a time or an ignored file changed the digest")
	}
	for name, content := range (files{"a": "b", "new": "", "Dockerfile": "FROM y"}) {
		before := digest()
		files{name: content}.write(t, root)
		if digest() == before {
			t.Errorf("%s did not change the digest", name)
		}
	}
}

// TestCache shows that unchanged files are not read again, and that every change is seen.
func TestCache(t *testing.T) {
	root, file := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	old := time.Now().Add(-time.Hour)
	files{"a/x": "1", "b": "2", "c": "3"}.write(t, root)
	now := time.Now().Add(time.Hour) // hashed long after they were written
	fill := func(now time.Time) (*cache, []found, []*found) {
		type item = found
		list := []item{}
		for _, e := range scan(t, root).Entries {
			info, err := os.Lstat(filepath.Join(root, e.Path))
			must(t, err)
			e.SHA256 = [32]byte{}
			list = append(list, item{e, statOf(info), time.Time{}})
		}
		c := openCache(file, root)
		unknown := c.fill(list)
		for _, f := range unknown {
			must(t, hashFile(t.Context(), root, f, make([]byte, 10)))
			f.hashed = now
		}
		c.save(list)
		return c, list, unknown
	}
	if _, _, unknown := fill(time.Now()); len(unknown) != 3 {
		t.Fatalf("%d files unknown to an empty cache", len(unknown))
	}
	if _, _, unknown := fill(now); len(unknown) != 3 {
		t.Fatal("files were trusted that had been written just before they were hashed")
	}
	_, cached, unknown := fill(now)
	if len(unknown) != 0 {
		t.Fatalf("%d files unknown to a warm cache", len(unknown))
	}
	for i, e := range scan(t, root).Entries {
		if cached[i].SHA256 != e.SHA256 {
			t.Errorf("%s has another hash in the cache", e.Path)
		}
	}
	must(t, os.WriteFile(filepath.Join(root, "b"), []byte("4"), 0o600)) // the same size
	must(t, os.Chtimes(filepath.Join(root, "b"), old, old))             // and an older time
	must(t, os.Remove(filepath.Join(root, "c")))
	if _, _, unknown := fill(now); len(unknown) != 1 || unknown[0].Path != "b" {
		t.Errorf("after a change of b: %v", unknown)
	}
	data, err := os.ReadFile(file)
	must(t, err)
	data[len(data)/2] ^= 1
	must(t, os.WriteFile(file, data, 0o600))
	if _, _, unknown := fill(now); len(unknown) != 2 {
		t.Error("a damaged cache was trusted")
	}
}

// TestScanNoticesChange stands for a file that is written to while it is read.
func TestScanNoticesChange(t *testing.T) {
	root := t.TempDir()
	files{"log": "line\n"}.write(t, root)
	info, err := os.Lstat(filepath.Join(root, "log"))
	must(t, err)
	f := found{Entry: Entry{Path: "log", Kind: File, Size: info.Size()}, stat: statOf(info)}
	files{"log": "line\nline\n"}.write(t, root)
	err = hashFile(t.Context(), root, &f, make([]byte, hashBuffer))
	var changed *ChangedError
	if !errors.As(err, &changed) || !strings.Contains(err.Error(), "changed while it was read") {
		t.Errorf("got %v", err)
	}
}
