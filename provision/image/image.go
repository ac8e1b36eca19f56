// Package image brings base images to a host that cannot pull them: it asks registries from this machine, keeps what it
// fetched, sends the layers that the host lacks as files, and has the host's own engine load them. No registry runs anywhere,
// and this machine needs no Docker.
package image

import (
	"context"
	"io"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Image is what a registry has under a name, for one platform.
type Image struct {
	Name     string  // as it was asked for
	From     string  // where it was found: the registry's own name for it
	Platform string  // "linux/amd64"
	Digest   v1.Hash // of what has the name: a list of platforms, or a manifest
	Config   Blob
	Layers   []Layer // the lowest first

	documents []document // what has the name, and behind a list the manifest for the platform
	at        origin
}

// origin is where an image's content comes from.
type origin interface {
	// fetch writes a blob to w, and fails where it is not what it is named after.
	fetch(ctx context.Context, b Blob, w io.Writer) error
	// explain makes a Failure of what came of it.
	explain(image string, err error) error
}

// document is a list of platforms or a manifest, as the registry has it.
type document struct {
	digest  v1.Hash
	media   types.MediaType
	content []byte
}

// manifest is that for the platform.
func (i *Image) manifest() document { return i.documents[len(i.documents)-1] }

// Blob is content by its digest.
type Blob struct {
	Digest v1.Hash
	Size   int64 // bytes
}

// Layer is a layer as the registry has it, packed, and the digest of what it unpacks to.
type Layer struct {
	Blob
	DiffID string
}

// Size is how much there is of the image, packed, in bytes.
func (i *Image) Size() int64 { return Size(i.Layers) }

// Size is how much there is of layers, packed, in bytes.
func Size(layers []Layer) (bytes int64) {
	seen := map[v1.Hash]bool{}
	for _, l := range layers {
		if !seen[l.Digest] {
			bytes += l.Blob.Size
		}
		seen[l.Digest] = true
	}
	return bytes
}

// ID is what a host's engine calls the image: one that keeps images as containerd does by what has their name in the registry, any
// other by their configuration.
func (i *Image) ID(containerd bool) string {
	if containerd {
		return i.Digest.String()
	}
	return i.Config.Digest.String()
}

// Names are where an image is asked for, the mirrors first: those have what Docker Hub has, and nothing else.
func Names(image string, mirrors []string) ([]string, error) {
	ref, err := name.ParseReference(image)
	if err != nil {
		return nil, err
	}
	var list []string
	if ref.Context().RegistryStr() == name.DefaultRegistry {
		for _, mirror := range mirrors {
			at := strings.TrimSuffix(strings.TrimPrefix(mirror, "https://"), "/") + "/" + ref.Context().RepositoryStr() + identifier(ref)
			if _, err := name.ParseReference(at); err == nil {
				list = append(list, at)
			}
		}
	}
	return append(list, image), nil
}

// identifier is the end of a name: the tag, or the digest.
func identifier(ref name.Reference) string {
	if digest, pinned := ref.(name.Digest); pinned {
		return "@" + digest.DigestStr()
	}
	return ":" + ref.Identifier()
}

// Pinned reports whether a name is that of one content for ever.
func Pinned(image string) bool { return strings.Contains(image, "@") }

// tags are an image's name as Docker lists it, and as containerd does.
func tags(image string) (short, long string) {
	ref, err := name.ParseReference(image)
	if err != nil {
		return image, image
	}
	long = ref.Context().RegistryStr() + "/" + ref.Context().RepositoryStr() + identifier(ref)
	if rest, hub := strings.CutPrefix(long, name.DefaultRegistry+"/"); hub {
		return strings.TrimPrefix(rest, "library/"), "docker.io/" + rest
	}
	return long, long
}
