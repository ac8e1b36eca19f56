//go:build host

package sandbox

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReachable(t *testing.T) {
	for status, want := range map[int]bool{http.StatusOK: true, http.StatusUnauthorized: true, http.StatusBadGateway: false} {
		registry := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		if got := reachable(t.Context(), registry.URL); got != want {
			t.Errorf("a registry that answers %d is reachable: %t", status, got)
		}
		registry.Close()
		if reachable(t.Context(), registry.URL) {
			t.Error("a registry that is gone is reachable")
		}
	}
}

// entries lists the files of a tar archive.
func entries(t *testing.T, path string) map[string]bool {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	found := map[string]bool{}
	for r := tar.NewReader(file); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimPrefix(header.Name, "./")] = true
	}
}

// TestRootfsFromImage makes a root file system as where a registry can be
// reached; the host's image is the Debian image that is here for sure.
func TestRootfsFromImage(t *testing.T) {
	t.Parallel()
	options, err := Options{Log: func(line string) { t.Log(line) }}.normalized()
	if err != nil {
		t.Fatal(err)
	}
	u := newUpper(options)
	image, err := u.prepareImage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := recipe{
		name: "test", packages: []string{"tini"}, remove: []string{"etc/fish", "usr/bin/tin*"},
		files: map[string]string{"etc/nginx/conf.d/default.conf": "# mine\n"},
	}
	path := filepath.Join(t.TempDir(), "rootfs.tar")
	if err := u.rootfs.fromImage(t.Context(), r, image, path); err != nil {
		t.Fatal(err)
	}
	found := entries(t, path)
	if !found["etc/nginx/conf.d/default.conf"] || !found["usr/bin/docker"] || found["usr/bin/tini"] || found["etc/fish/config.fish"] {
		t.Errorf("the recipe was not followed: tini %t, fish %t", found["usr/bin/tini"], found["etc/fish/config.fish"])
	}
	name := buildName + "test-" + r.version()
	if _, err := u.engine.run(t.Context(), "image", "inspect", name); !saysNone(err) {
		t.Errorf("the image it was made from is left: %v", err)
	}
	if _, err := u.engine.inspect(t.Context(), name); !saysNone(err) {
		t.Errorf("the container it was made from is left: %v", err)
	}
}

// TestRealBaseImage puts an image of this machine's engine on a host, as where
// the base image could be pulled.
func TestRealBaseImage(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	options, err := Options{Name: "t-" + strings.ToLower(rand.Text()[:10]), Dir: t.TempDir(), NoBaseImage: true}.normalized()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Down(context.Background(), options.Name); err != nil {
			t.Error(err)
		}
	})
	hosts, err := Up(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	u := newUpper(options)
	u.real = true
	image := "provision-sandbox-test-" + options.Name + ":1"
	content, err := pack([]configFile{{"etc/passwd", 0o644, "root:x:0:0::/:\n"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.engine.pipe(ctx, content, "import", "-", image); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := u.engine.run(context.Background(), "rmi", image); err != nil {
			t.Error(err)
		}
	})
	if !u.rootfs.pulled(ctx, image) {
		t.Error("an image that is here counts as not pulled")
	}
	if u.base, err = u.rootfs.saved(ctx, image); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := purgeArchive(context.Background(), u.base); err != nil {
			t.Error(err)
		}
	})
	u.options.NoBaseImage = false
	if err := u.loadBase(ctx, hosts[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := u.engine.exec(ctx, hosts[0].Container, nil, "docker", "image", "inspect", image); err != nil {
		t.Errorf("the image is not on the host: %v", err)
	}
}

func TestPurgeArchives(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	r := rootfs{say: func(key string, args ...any) { t.Log(key, args) }}
	path, err := r.kept(t.Context(), "host-1.tar", func(path string) error { return os.WriteFile(path, nil, 0o644) })
	if err != nil {
		t.Fatal(err)
	}
	if again, err := r.kept(t.Context(), "host-1.tar", func(string) error { return errors.New("made twice") }); err != nil || again != path {
		t.Errorf("an archive that is kept: %s, %v", again, err)
	}
	if err := os.MkdirAll(path+".work/root", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := purgeArchives(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, err := filepath.Glob(filepath.Join(cache, "provision", "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
