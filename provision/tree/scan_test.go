package tree

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/tree/treetest"
)

func TestScanUploadsWhatIsAsked(t *testing.T) {
	site := files{
		"Dockerfile": "FROM x", ".dockerignore": "*.log\nsecret\n!keep.log\nDockerfile\nssl_files", ".provisionignore": "made-there",
		"a.log": "", "keep.log": "", "resource/app.py": "x", "resource/app.log": "", "resource/run": "#!/bin/sh", "empty/": "",
		"secret/x": "", "made-there/y": "", "ssl_files/site.key": "k", "ssl_files/site.pem": "c", "ssl_files/other": "o",
	}
	tests := map[string]struct {
		change func(*Options)
		want   []string
	}{
		"everything": {func(o *Options) {}, []string{".dockerignore", ".provisionignore", "Dockerfile", "empty", "keep.log", "resource", "resource/app.log", "resource/app.py", "resource/run"}},
		"some":       {func(o *Options) { o.Upload = []string{"resource/app.py", "./keep.log"} }, []string{".dockerignore", "Dockerfile", "keep.log", "resource", "resource/app.py"}},
		"not these": {func(o *Options) {
			o.Upload, o.Never = []string{".", "keep.log"}, []string{"keep.log", "resource/app.log", "empty"}
		}, []string{".dockerignore", ".provisionignore", "Dockerfile", "resource", "resource/app.py", "resource/run"}},
		"certificate": {func(o *Options) {
			o.Upload, o.Private, o.Always = []string{"empty"}, []string{"ssl_files/site.key"}, []string{"ssl_files/site.pem"}
		}, []string{".dockerignore", "Dockerfile", "empty", "ssl_files", "ssl_files/site.key", "ssl_files/site.pem"}},
	}
	root := t.TempDir()
	site.Write(t, root)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := paths(scan(t, root, test.change)); !slices.Equal(got, test.want) {
				t.Errorf("\n got %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestScanReadsTheDockerfilesOwnIgnoreFile(t *testing.T) {
	root := t.TempDir()
	files{"Dockerfile": "FROM x", ".dockerignore": "conf", "Dockerfile.dockerignore": "*.md\n", "conf": "1", "a.md": "1"}.Write(t, root)
	want := []string{".dockerignore", "Dockerfile", "Dockerfile.dockerignore", "conf"}
	if got := paths(scan(t, root)); !slices.Equal(got, want) {
		t.Errorf("%v is uploaded, want %v", got, want)
	}
}

func TestScanModes(t *testing.T) {
	root := t.TempDir()
	files{"ssl/site.key": "k", "ssl/site.pem": "p", "run": "#!", "top.key": "k", "open": ""}.Write(t, root)
	must(t, os.Chmod(filepath.Join(root, "open"), 0o666))
	must(t, os.Chmod(filepath.Join(root, "run"), 0o711))
	m := scan(t, root, func(o *Options) { o.Private = []string{"ssl/site.key", "top.key"} })
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
	files{".provisionignore": "archive", "archive/x/privkey1.pem": "k", "archive/other": "o", "live": "-> archive/x", "ssl/site.key": "-> ../live/privkey1.pem"}.Write(t, root)
	m := scan(t, root, func(o *Options) { o.Private = []string{"ssl/site.key"} })
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
		"link out":      {func(r string) error { return os.Symlink("../out", filepath.Join(r, "l")) }, "tree.link-out"},
		"absolute link": {func(r string) error { return os.Symlink("/etc/passwd", filepath.Join(r, "l")) }, "tree.link-absolute"},
		"link out by links": {func(r string) error {
			return errors.Join(os.Mkdir(filepath.Join(r, "d"), 0o755), os.Symlink("..", filepath.Join(r, "d", "up")),
				os.Symlink("d/up/../x", filepath.Join(r, "l")))
		}, "tree.link-out"},
		"circle":                {func(r string) error { return os.Symlink("l", filepath.Join(r, "l")) }, "tree.link-circle"},
		"ignore file is a pipe": {func(r string) error { return syscall.Mkfifo(filepath.Join(r, ".dockerignore"), 0o600) }, "tree.irregular"},
		"ignore file has no end": {func(r string) error {
			return os.WriteFile(filepath.Join(r, ".provisionignore"), bytes.Repeat([]byte("pattern\n"), maxIgnore/8+1), 0o600)
		}, "tree.too-large"},
		"named pipe": {func(r string) error { return syscall.Mkfifo(filepath.Join(r, "p"), 0o600) }, "tree.named-pipe"},
		"pattern":    {func(r string) error { return os.WriteFile(filepath.Join(r, ".dockerignore"), []byte("[a"), 0o600) }, "tree.pattern"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			must(t, test.prepare(root))
			_, err := Scan(t.Context(), Options{Root: root, Cache: noCache})
			if provision.CodeOf(err) != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	for upload, want := range map[string]string{"../x": "tree.outside", "/etc": "tree.outside", "": "tree.outside", "absent": "tree.missing", "file/x": "tree.no-folder"} {
		root := t.TempDir()
		files{"file": "f"}.Write(t, root)
		if _, err := Scan(t.Context(), Options{Root: root, Upload: []string{upload}, Cache: noCache}); provision.CodeOf(err) != want {
			t.Errorf("upload %q: got %v, want %s", upload, err, want)
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
	if _, err := Scan(t.Context(), Options{Root: root, Cache: noCache}); provision.CodeOf(err) != "tree.socket" {
		t.Errorf("got %v", err)
	}
}

func TestScanAcceptsLinksWithin(t *testing.T) {
	root := t.TempDir()
	files{"a/b": "", "a/up": "-> ../a/b", "top": "-> a", "dangling": "-> nowhere/at/all", "a/self": "-> ."}.Write(t, root)
	if got := len(scan(t, root).Entries); got != 6 {
		t.Errorf("%d entries, want 6", got)
	}
}

func TestDigestSeesWhatTheBuilderSees(t *testing.T) {
	root := t.TempDir()
	tree := files{"Dockerfile": "FROM x", ".dockerignore": "keys", "keys/k": "1", "a": "a"}
	tree.Write(t, root)
	digest := func() string {
		return scan(t, root, func(o *Options) { o.Private = []string{"keys/k"} }).Digest()
	}
	first := digest()
	must(t, os.Chtimes(filepath.Join(root, "a"), time.Now(), time.Now().Add(time.Hour)))
	files{"keys/k": "2"}.Write(t, root)
	if digest() != first {
		t.Error("a time or an ignored file changed the digest")
	}
	for name, content := range (files{"a": "b", "new": "", "Dockerfile": "FROM y"}) {
		before := digest()
		files{name: content}.Write(t, root)
		if digest() == before {
			t.Errorf("%s did not change the digest", name)
		}
	}
}

// TestCache shows that unchanged files are not read again, and that every change is seen.
func TestCache(t *testing.T) {
	root, file := t.TempDir(), filepath.Join(t.TempDir(), "cache")
	old := time.Now().Add(-time.Hour)
	files{"a/x": "1", "b": "2", "c": "3"}.Write(t, root)
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
		c := openCache(t.Context(), file, root, false)
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
	before, err := os.Stat(filepath.Join(root, "b"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(root, "b"), []byte("5"), 0o600))
	must(t, os.Chtimes(filepath.Join(root, "b"), before.ModTime(), before.ModTime())) // and as if nothing had been
	if _, _, unknown := fill(now); len(unknown) != 1 || unknown[0].Path != "b" {
		t.Errorf("after a change of b with its time set back: %v", unknown)
	}
	if c := openCache(t.Context(), file, root, true); len(c.data) > 0 || !c.stale {
		t.Error("the cache is used though everything is to be read")
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
	files{"log": "line\n"}.Write(t, root)
	info, err := os.Lstat(filepath.Join(root, "log"))
	must(t, err)
	f := found{Entry: Entry{Path: "log", Kind: File, Size: info.Size()}, stat: statOf(info)}
	files{"log": "line\nline\n"}.Write(t, root)
	err = hashFile(t.Context(), root, &f, make([]byte, hashBuffer))
	if !IsChanged(err) {
		t.Errorf("got %v", err)
	}
}

// TestPipeInTheWay: a file that has become a named pipe since it was seen is refused, by the scan and by who sends it.
func TestPipeInTheWay(t *testing.T) {
	root := t.TempDir()
	files{"f": "content"}.Write(t, root)
	e := scan(t, root).Entries[0]
	local := filepath.Join(root, "f")
	must(t, errors.Join(os.Remove(local), syscall.Mkfifo(local, 0o600)))
	err := hashFile(t.Context(), root, &found{Entry: e}, make([]byte, hashBuffer))
	if provision.CodeOf(err) != "tree.irregular" {
		t.Errorf("the scan got %v", err)
	}
	if _, err := Open(t.Context(), root, e); provision.CodeOf(err) != "tree.irregular" {
		t.Errorf("the upload got %v", err)
	}
	cache := filepath.Join(t.TempDir(), "cache")
	must(t, syscall.Mkfifo(cache, 0o600))
	if c := openCache(t.Context(), cache, root, false); len(c.data) > 0 || !c.stale {
		t.Errorf("a pipe is taken for a cache")
	}
}

// TestIgnoreFileIsReadUntilTheContextEnds: a slow file system does not hold a run that was cancelled.
func TestIgnoreFileIsReadUntilTheContextEnds(t *testing.T) {
	root := t.TempDir()
	files{".dockerignore": "x"}.Write(t, root)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newIgnore(ctx, root, ".", []string{".dockerignore"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestDigestStays: the digest of a tree is part of labels on hosts, so that another one would replace every container.
func TestDigestStays(t *testing.T) {
	root := t.TempDir()
	site := treetest.OddNames()
	maps.Copy(site, files{
		"Dockerfile": "FROM x\n", ".dockerignore": "*.log\nsecret/**\n!secret/keep\nssl_files\nDockerfile\n**/cache-[0-9]?\n", ".provisionignore": "made-there\n",
		"a.log": "log", "b/c.log": "log", "secret/x": "x", "secret/keep": "k", "made-there/y": "y", "cache-1a/z": "z", "deep/er/cache-22/z": "z",
		"ssl_files/site.key": "key", "ssl_files/site.pem": "pem", "ssl_files/other": "o", "latin1-\xe9": "e",
	})
	site.Write(t, root)
	must(t, os.Chmod(filepath.Join(root, "a.log"), 0o600))
	m := scan(t, root, func(o *Options) {
		o.Private, o.Always = []string{"ssl_files/site.key"}, []string{"ssl_files/site.pem"}
	})
	if got, want := m.Digest(), "2399611a4083e568b1acb3f7a9580e833cc29941287fbf3e3e41ede2b824a300"; got != want {
		t.Errorf("the digest is %s, want %s, of %q", got, want, paths(m))
	}
}

// TestBuildContext: what lies outside of the folder that is built travels, and makes no other image; the ignore file counts from
// that folder, and the Dockerfile's own one goes before it.
func TestBuildContext(t *testing.T) {
	root := t.TempDir()
	files{
		"docker/web": "FROM x\n", "docker/web.dockerignore": "*.log\n", "notes": "x", "app.log": "x", ".dockerignore": "src\n",
		"src/main.py": "x", "src/app.log": "x", "src/deep/main.log": "x",
	}.Write(t, root)
	o := Options{Root: root, Cache: "none", Dockerfile: "docker/web", Context: "src", Ignore: []string{"docker/web.dockerignore", "src/.dockerignore"}}
	m, err := Scan(t.Context(), o)
	must(t, err)
	var built, others []string
	for _, e := range m.Entries {
		if e.Unbuilt {
			others = append(others, e.Path)
		} else {
			built = append(built, e.Path)
		}
	}
	if want := []string{"docker/web", "docker/web.dockerignore", "src", "src/deep", "src/deep/main.log", "src/main.py"}; !slices.Equal(built, want) {
		t.Errorf("built are %q, want %q", built, want)
	}
	if want := []string{".dockerignore", "app.log", "docker", "notes"}; !slices.Equal(others, want) {
		t.Errorf("not built are %q, want %q", others, want)
	}
}
