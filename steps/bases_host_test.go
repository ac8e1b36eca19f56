//go:build host

package steps_test

import (
	"archive/tar"
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/sandbox"
)

// TestBaseImages deploys on images of a registry that the host cannot reach: it is on this machine's loopback.
func TestBaseImages(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	at := strings.TrimPrefix(server.URL, "http://") + "/base:"
	big, small := randomLayer(t, 6<<20), randomLayer(t, 1<<20)
	pushBase(t, at+"1", busyboxLayer(t), big)
	pushBase(t, at+"2", busyboxLayer(t), big, small)

	c := newCloud(t, sandbox.Options{NoBaseImage: true})
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for name, value := range map[string]string{
		"domain": `""`, "certificate": `""`, "key": `""`, "server": `""`, "ports": `["80:80"]`, "command": "busybox httpd -f -p 80 -h /www", "health": "{path: /default.conf}",
	} {
		c.site[name] = value
	}
	for _, run := range []struct {
		name, base, code string
		changed          bool
		least, most      int64 // bytes of the image that were sent
	}{
		{"the first build", at + "1", "", true, 6 << 20, 9 << 20},
		{"nothing to do", at + "1", "", false, 0, 0},
		{"one layer more", at + "2", "", true, 1 << 20, 2 << 20},
		{"no such tag", at + "3", "image.absent", false, 0, 0},
	} {
		c.write("Dockerfile", "FROM "+run.base+"\nCOPY resource /www\n")
		r := c.deploy()
		if code := provision.CodeOf(r.result.Hosts["cloud"].Err); code != run.code || strings.Contains(r.changed(), "07-build") != run.changed {
			t.Fatalf("%s: changed %q, ended with %v\n%s", run.name, r.changed(), r.err(), r.timeline())
		}
		var sent int64
		for _, e := range r.events {
			if p, is := e.Body.(provision.StepProgress); is && strings.HasPrefix(p.Detail, "sending") {
				sent = p.Done
			}
		}
		t.Logf("%s: %d bytes were sent", run.name, sent)
		if sent < run.least || sent > run.most {
			t.Errorf("%s: %d bytes were sent, want %d to %d", run.name, sent, run.least, run.most)
		}
		if left := c.sh("ls -A /home/kevin/dev/.myweb.provision/images"); left != "" {
			t.Errorf("%s: %s is left on the host", run.name, left)
		}
	}
}

// pushBase puts an image that is made for this machine into a registry.
func pushBase(t *testing.T, at string, layers ...v1.Layer) {
	t.Helper()
	i, err := mutate.AppendLayers(empty.Image, layers...)
	if err == nil {
		var file *v1.ConfigFile
		if file, err = i.ConfigFile(); err == nil {
			file = file.DeepCopy()
			file.OS, file.Architecture, file.Config.Env = "linux", "amd64", []string{"PATH=/bin"}
			i, err = mutate.ConfigFile(i, file)
		}
	}
	ref, wrong := name.ParseReference(at)
	if err == nil && wrong == nil {
		err = remote.Write(ref, i)
	}
	if err != nil || wrong != nil {
		t.Fatal(err, wrong)
	}
}

func randomLayer(t *testing.T, size int64) v1.Layer {
	t.Helper()
	l, err := random.Layer(size, types.DockerLayer)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// busyboxLayer has what answers.
func busyboxLayer(t *testing.T) v1.Layer {
	t.Helper()
	path, err := exec.LookPath("busybox")
	if err != nil {
		t.Fatal("the tests need busybox: apt-get install busybox-static")
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, err := range []error{
		w.WriteHeader(&tar.Header{Name: "bin/", Typeflag: tar.TypeDir, Mode: 0o755}),
		w.WriteHeader(&tar.Header{Name: "bin/busybox", Mode: 0o755, Size: int64(len(program))}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	return l
}
