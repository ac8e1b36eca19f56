package image

import (
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/sandbox/fakehost"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.fuzzworker").Value.String() == "true" { // it needs no host
		os.Exit(m.Run())
	}
	os.Exit(fakehost.Main(m))
}

// shop is a registry of the test's own, on loopback.
type shop struct {
	*httptest.Server
	address string

	mu       sync.Mutex
	password string // that it wants; empty: none
	lies     map[string]bool
	blobs    int64    // bytes of blobs that were fetched
	asked    []string // what it was shown as credentials
}

func newShop(t *testing.T, secure bool) *shop {
	t.Helper()
	s := &shop{lies: map[string]bool{}}
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked = append(s.asked, r.Header.Get("Authorization"))
		if s.password != "" && r.Header.Get("Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte("me:"+s.password)) {
			w.Header().Set("WWW-Authenticate", `Basic realm="test"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if s.lies[r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]] && r.Method == http.MethodGet {
			w = liar{w}
		}
		if strings.Contains(r.URL.Path, "/blobs/") && r.Method == http.MethodGet {
			w = counted{w, &s.blobs}
		}
		inner.ServeHTTP(w, r)
	})
	if s.Server = httptest.NewUnstartedServer(handler); secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	s.address = s.Listener.Addr().String()
	return s
}

type counted struct {
	http.ResponseWriter
	n *int64
}

func (c counted) Write(p []byte) (int, error) {
	*c.n += int64(len(p))
	return c.ResponseWriter.Write(p)
}

// liar changes what is answered.
type liar struct{ http.ResponseWriter }

func (l liar) Write(p []byte) (int, error) {
	q := append([]byte{}, p...)
	q[len(q)/2] ^= 1
	return l.ResponseWriter.Write(q)
}

// fetched is how many bytes of blobs were fetched since it was asked the last time.
func (s *shop) fetched() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.blobs
	s.blobs, s.asked = 0, nil
	return n
}

func (s *shop) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// push puts an image or an index into the registry.
func (s *shop) push(t *testing.T, at string, what remote.Taggable) {
	t.Helper()
	ref, err := name.ParseReference(s.address + "/" + at)
	check(t, err)
	options := remote.WithTransport(s.Client().Transport)
	if index, is := what.(v1.ImageIndex); is {
		check(t, remote.WriteIndex(ref, index, options))
		return
	}
	check(t, remote.Write(ref, what.(v1.Image), options))
}

// made is an image of layers for an architecture.
func made(t *testing.T, architecture string, layers ...v1.Layer) v1.Image {
	t.Helper()
	i, err := mutate.AppendLayers(empty.Image, layers...)
	check(t, err)
	file, err := i.ConfigFile()
	check(t, err)
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", architecture
	i, err = mutate.ConfigFile(i, file)
	check(t, err)
	return i
}

func layer(t *testing.T, size int64) v1.Layer {
	t.Helper()
	l, err := random.Layer(size, types.DockerLayer)
	check(t, err)
	return l
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newRegistries(t *testing.T) *Registries {
	t.Helper()
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	return &Registries{Folder: t.TempDir()}
}

func (r *Registries) mustFind(t *testing.T, image string) *Image {
	t.Helper()
	i, err := r.Find(t.Context(), image, "linux/amd64")
	check(t, err)
	return i
}

// logIn writes a Docker configuration with a password for a registry.
func logIn(t *testing.T, registry, password string) {
	t.Helper()
	text := fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, registry, base64.StdEncoding.EncodeToString([]byte("me:"+password)))
	check(t, os.WriteFile(filepath.Join(os.Getenv("DOCKER_CONFIG"), "config.json"), []byte(text), 0o600))
}

func TestFind(t *testing.T) {
	s, r := newShop(t, false), newRegistries(t)
	amd, arm := made(t, "amd64", layer(t, 1000)), made(t, "arm64", layer(t, 2000))
	s.push(t, "one:1", amd)
	list := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: amd, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: arm, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}}})
	s.push(t, "list:1", list)
	for _, test := range []struct {
		image, platform string
		want            v1.Image
		named           interface{ Digest() (v1.Hash, error) }
		code            string
	}{
		{"one:1", "linux/amd64", amd, amd, ""},
		{"list:1", "linux/amd64", amd, list, ""},
		{"list:1", "linux/arm64", arm, list, ""},
		{"list:1", "linux/arm64/v8", arm, list, ""},
		{"one:1", "linux/arm64", nil, nil, "image.platform"},
		{"list:1", "linux/s390x", nil, nil, "image.platform"},
		{"one:2", "linux/amd64", nil, nil, "image.absent"},
		{"two:1", "linux/amd64", nil, nil, "image.absent"},
		{"One:1", "linux/amd64", nil, nil, "image.name"},
	} {
		i, err := r.Find(t.Context(), s.address+"/"+test.image, test.platform)
		if code := provision.CodeOf(err); code != test.code {
			t.Errorf("%s for %s: %v, want %q", test.image, test.platform, err, test.code)
		}
		if test.want == nil || i == nil {
			continue
		}
		digest, err := test.named.Digest()
		check(t, err)
		id, err := test.want.ConfigName()
		check(t, err)
		if i.ID(true) != digest.String() || i.ID(false) != id.String() || len(i.Layers) != 1 {
			t.Errorf("%s for %s is %+v", test.image, test.platform, i)
		}
	}
	s.Close()
	if _, err := r.Find(t.Context(), s.address+"/three:1", "linux/amd64"); provision.CodeOf(err) != "image.unreachable" {
		t.Errorf("a registry that is away: %v", err)
	}
}

func TestPrivate(t *testing.T) {
	s, r := newShop(t, false), newRegistries(t)
	s.push(t, "one:1", made(t, "amd64", layer(t, 1000)))
	s.set(func() { s.password = "secret" })
	for _, login := range []struct{ password, code string }{{"", "image.unauthorized"}, {"wrong", "image.unauthorized"}, {"secret", ""}} {
		if login.password != "" {
			logIn(t, s.address, login.password)
		}
		if _, err := r.Find(t.Context(), s.address+"/one:1", "linux/amd64"); provision.CodeOf(err) != login.code {
			t.Errorf("with the password %q: %v, want %q", login.password, err, login.code)
		}
	}
}

// TestMirrors: Docker Hub's credentials are for Docker Hub, and a mirror's answers come over https or not at all.
func TestMirrors(t *testing.T) {
	hub, mirror, r := newShop(t, true), newShop(t, true), newRegistries(t)
	hub.push(t, "library/nginx:1", made(t, "amd64", layer(t, 1000)))
	hub.push(t, "library/other:1", made(t, "amd64", layer(t, 1000)))
	mirror.push(t, "hub/library/nginx:1", made(t, "amd64", layer(t, 1000)))
	r.Mirrors = []string{"https://" + mirror.address + "/hub/"}
	r.Transport = roundTripper(func(request *http.Request) (*http.Response, error) {
		to := mirror
		if request.URL.Host == "index.docker.io" {
			request, to = request.Clone(request.Context()), hub
			request.URL.Host = hub.address
		}
		return to.Client().Transport.RoundTrip(request)
	})
	logIn(t, "https://index.docker.io/v1/", "hubsecret")
	hub.set(func() { hub.password, hub.asked = "hubsecret", nil })
	mirror.set(func() { mirror.asked = nil })
	i := r.mustFind(t, "nginx:1")
	if want := mirror.address + "/hub/library/nginx:1"; i.From != want || len(hub.asked) > 0 {
		t.Errorf("found at %s, want %s; the hub was asked %d times", i.From, want, len(hub.asked))
	}
	if i := r.mustFind(t, "docker.io/library/other:1"); i.From != "docker.io/library/other:1" {
		t.Errorf("what the mirror lacks was found at %s", i.From)
	}
	if len(mirror.asked) == 0 || strings.Join(mirror.asked, "") != "" {
		t.Errorf("the mirror was shown %q", mirror.asked)
	}
	if !strings.Contains(strings.Join(hub.asked, ""), "Basic") {
		t.Error("the hub was shown no credentials")
	}
	if i, err := r.Find(t.Context(), "example.com.invalid/nginx:1", "linux/amd64"); err == nil {
		t.Errorf("a mirror was asked for another registry's image: %s", i.From)
	}
	open := newShop(t, false)
	open.push(t, "library/nginx:2", made(t, "amd64", layer(t, 1000)))
	open.set(func() { open.asked = nil })
	r.Mirrors, r.Transport = []string{"https://" + open.address}, refuseHub
	if i, err := r.Find(t.Context(), "nginx:2", "linux/amd64"); err == nil || len(open.asked) > 0 {
		t.Errorf("a mirror without https was asked %d times: %v", len(open.asked), i)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

// refuseHub has nothing leave this machine.
var refuseHub = roundTripper(func(request *http.Request) (*http.Response, error) {
	if isLocal(request.URL.Hostname()) {
		return http.DefaultTransport.RoundTrip(request)
	}
	return nil, context.DeadlineExceeded
})

func TestNames(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	for _, test := range []struct{ image, want, short, long string }{
		{"nginx", "m.example/hub/library/nginx:latest nginx", "nginx:latest", "docker.io/library/nginx:latest"},
		{"docker.io/library/nginx:1", "m.example/hub/library/nginx:1 docker.io/library/nginx:1", "nginx:1", "docker.io/library/nginx:1"},
		{"me/site:2", "m.example/hub/me/site:2 me/site:2", "me/site:2", "docker.io/me/site:2"},
		{"ghcr.io/me/site:2", "ghcr.io/me/site:2", "ghcr.io/me/site:2", "ghcr.io/me/site:2"},
		{"nginx:1@" + digest, "m.example/hub/library/nginx@" + digest + " nginx:1@" + digest, "nginx@" + digest, "docker.io/library/nginx@" + digest},
	} {
		names, err := Names(test.image, []string{"https://m.example/hub/"})
		short, long := tags(test.image)
		if got := strings.Join(names, " "); err != nil || got != test.want || short != test.short || long != test.long {
			t.Errorf("%s: %q, %s, %s, %v", test.image, got, short, long, err)
		}
	}
}
