package image

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// Registries are what this machine asks for images, with the credentials of the user's own Docker configuration. Hosts share
// what was found and fetched.
type Registries struct {
	Mirrors   []string          // asked before Docker Hub, over https alone; Docker Hub's credentials are not for them
	Transport http.RoundTripper // nil: http.DefaultTransport
	Folder    string            // of the cache

	mu    sync.Mutex
	known map[wanted]*found
	blobs map[v1.Hash]*sync.Mutex

	packed map[v1.Hash]Blob // layers of images that were built, by what they unpack to

	// names is held for writing where a file of the cache gets or loses a name, and for reading by who must see no file change.
	names sync.RWMutex
}

type wanted struct{ image, platform string }

type found struct {
	mu    sync.Mutex
	image *Image
}

// source is a repository that an image was found in.
type source struct {
	repository name.Repository
	options    []remote.Option
}

// lookTime bounds what one registry is asked about an image. There are a few questions, and no layers among them.
const lookTime = 15 * time.Second

// Find asks registries for an image, and remembers what it found. The error is a Failure that tells what the last one answered.
func (r *Registries) Find(ctx context.Context, image, platform string) (*Image, error) {
	r.mu.Lock()
	if r.known == nil {
		r.known = map[wanted]*found{}
	}
	f := r.known[wanted{image, platform}]
	if f == nil {
		f = &found{}
		r.known[wanted{image, platform}] = f
	}
	r.mu.Unlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.image != nil {
		return f.image, nil
	}
	names, err := Names(image, r.Mirrors)
	if err != nil {
		return nil, provision.Fail("image.name", image, err)
	}
	for i, from := range names {
		if f.image, err = r.find(ctx, image, from, platform, i < len(names)-1); err == nil {
			return f.image, nil
		}
	}
	return nil, err
}

// find asks one registry.
func (r *Registries) find(ctx context.Context, image, from, platform string, mirror bool) (*Image, error) {
	ref, err := name.ParseReference(from)
	if err != nil {
		return nil, provision.Fail("image.name", from, err)
	}
	registry := ref.Context().RegistryStr()
	want, err := v1.ParsePlatform(platform)
	if err != nil {
		return nil, provision.Fail("image.name", platform, err)
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	at := source{ref.Context(), []remote.Option{
		remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithTransport(secure{r.Transport, mirror}),
		remote.WithUserAgent("provision"),
	}}
	found := &Image{Name: image, From: from, Platform: platform, at: at}
	answer, err := remote.Get(ref, at.with(ctx)...)
	if err == nil {
		found.Digest = answer.Digest
		found.add(answer)
	}
	if err == nil && answer.MediaType.IsIndex() {
		answer, err = at.ofPlatform(ctx, answer, want)
		if err == nil && answer == nil {
			return nil, provision.Fail("image.platform", image, platform, registry)
		}
		found.add(answer)
	}
	if err != nil {
		return nil, explain(image, registry, err)
	}
	architecture, err := found.read(ctx, at)
	switch {
	case err != nil:
		return nil, explain(image, registry, err)
	case !architecture.Satisfies(v1.Platform{OS: want.OS, Architecture: want.Architecture}):
		return nil, provision.Fail("image.platform", image, platform, registry)
	}
	return found, nil
}

func (s source) with(ctx context.Context) []remote.Option {
	return append([]remote.Option{remote.WithContext(ctx)}, s.options...)
}

// ofPlatform is what an index has for a platform; nil for nothing.
func (s source) ofPlatform(ctx context.Context, answer *remote.Descriptor, want *v1.Platform) (*remote.Descriptor, error) {
	index, err := answer.ImageIndex()
	if err != nil {
		return nil, err
	}
	list, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	loose := v1.Platform{OS: want.OS, Architecture: want.Architecture}
	for _, spec := range []v1.Platform{*want, loose} { // not every list tells the variant
		for _, m := range list.Manifests {
			if m.Platform != nil && m.Platform.Satisfies(spec) && m.MediaType.IsImage() {
				return remote.Get(s.repository.Digest(m.Digest.String()), s.with(ctx)...)
			}
		}
	}
	return nil, nil
}

func (i *Image) add(d *remote.Descriptor) {
	if d != nil {
		i.documents = append(i.documents, document{d.Digest, d.MediaType, d.Manifest})
	}
}

// maxLayers is more than an engine takes.
const maxLayers = 256

var errManifest = errors.New("the manifest is not one of an image")

// read takes the manifest and the configuration in.
func (i *Image) read(ctx context.Context, at source) (*v1.Platform, error) {
	manifest, err := v1.ParseManifest(bytes.NewReader(i.manifest().content))
	if err != nil {
		return nil, err
	}
	if len(manifest.Layers) > maxLayers || manifest.Config.Size > maxConfig {
		return nil, errManifest
	}
	i.Config = Blob{manifest.Config.Digest, manifest.Config.Size}
	content, err := at.config(ctx, i.Config)
	if err != nil {
		return nil, err
	}
	config, err := v1.ParseConfigFile(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	if len(config.RootFS.DiffIDs) != len(manifest.Layers) {
		return nil, errManifest
	}
	for n, l := range manifest.Layers {
		i.Layers = append(i.Layers, Layer{Blob{l.Digest, l.Size}, config.RootFS.DiffIDs[n].String()})
	}
	return &v1.Platform{OS: config.OS, Architecture: config.Architecture}, nil
}

// explain implements origin.
func (s source) explain(image string, err error) error {
	return explain(image, s.repository.RegistryStr(), err)
}

// explain makes a Failure of what came of asking a registry.
func explain(image, registry string, err error) error {
	var answer *transport.Error
	var wrong *DigestError
	var own *provision.Failure
	if errors.As(err, &wrong) {
		return provision.Fail("image.digest", image, registry, wrong.Want, wrong.Got)
	}
	code := "image.unreachable"
	if errors.As(err, &answer) {
		switch answer.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			code = "image.unauthorized"
		case http.StatusNotFound:
			code = "image.absent"
		}
	}
	if errors.As(err, &own) {
		return provision.Fail(code, image, registry, own)
	}
	return provision.Fail(code, image, registry, provision.ForeignError(safetext.Abbreviate(safetext.Clean(err.Error()), saidLimit)))
}

// saidLimit is how much is told of what a registry says, in bytes.
const saidLimit = 500

// secure refuses what goes out in the open: a mirror's answers always, and a registry's unless it is on this machine.
type secure struct {
	http.RoundTripper
	mirror bool
}

func (s secure) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.URL.Scheme != "https" && (s.mirror || !isLocal(request.URL.Hostname())) {
		return nil, provision.Fail("image.insecure", request.URL.Host)
	}
	if s.RoundTripper == nil {
		return http.DefaultTransport.RoundTrip(request)
	}
	return s.RoundTripper.RoundTrip(request)
}

func isLocal(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}
