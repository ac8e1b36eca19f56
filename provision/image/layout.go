package image

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/tree"
)

// Layout is a folder of this machine with what a host is sent of an image: an OCI layout that is a docker-archive, too, without
// the layers that the host has. An engine that keeps images as containerd does reads the one, and any other the other.
type Layout struct {
	Folder   string
	Manifest *tree.Manifest
	names    *sync.RWMutex
}

// Remove removes the folder.
func (l *Layout) Remove() {
	if l != nil {
		l.names.Lock()
		defer l.names.Unlock()
		_ = os.RemoveAll(l.Folder)
	}
}

// fetchers is how many layers are fetched at a time, as engines do.
const fetchers = 3

// Fetch makes the layout of an image with these of its layers. progress is told of bytes that are here, one call at a time.
func (r *Registries) Fetch(ctx context.Context, i *Image, layers []Layer, progress func(done, total int64)) (*Layout, error) {
	defer r.trim(cacheLimit)
	folder, err := r.stage()
	if err != nil {
		return nil, err
	}
	l := &Layout{Folder: folder, names: &r.names}
	if err := r.fill(ctx, l, i, layers, progress); err != nil {
		l.Remove()
		return nil, err
	}
	return l, nil
}

// stage makes a folder in the cache, for whoever removes it.
func (r *Registries) stage() (string, error) {
	err := os.MkdirAll(r.Folder, 0o700)
	folder := ""
	if err == nil {
		folder, err = os.MkdirTemp(r.Folder, "stage-*")
	}
	if err != nil {
		return "", provision.Fail("image.cache", r.Folder, err)
	}
	return folder, nil
}

func (r *Registries) fill(ctx context.Context, l *Layout, i *Image, layers []Layer, progress func(done, total int64)) error {
	blobs := filepath.Join(l.Folder, "blobs", "sha256")
	err := os.MkdirAll(blobs, 0o700)
	for name, content := range i.files() {
		if err == nil {
			err = os.WriteFile(filepath.Join(l.Folder, filepath.FromSlash(name)), content, 0o600)
		}
	}
	if err != nil {
		return provision.Fail("image.cache", r.Folder, err)
	}
	total := Size(layers) + i.Config.Size
	var mu sync.Mutex
	var done int64
	got := func(n int64) {
		mu.Lock()
		defer mu.Unlock()
		done += n
		progress(min(max(done, 0), total), total)
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(fetchers)
	wanted := map[string]Blob{i.Config.Digest.Hex: i.Config}
	for _, layer := range layers {
		wanted[layer.Digest.Hex] = layer.Blob
	}
	for hex, b := range wanted {
		group.Go(func() error { return r.blob(within, i, b, filepath.Join(blobs, hex), got) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	r.names.RLock()
	defer r.names.RUnlock()
	if l.Manifest, err = tree.Scan(ctx, tree.Options{Root: l.Folder, Cache: "none"}); err != nil {
		return provision.Fail("image.cache", r.Folder, err)
	}
	return nil
}

// descriptor tells of content, as OCI does.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// archived is an image in the manifest.json of a docker-archive.
type archived struct {
	Config   string
	RepoTags []string
	Layers   []string
}

// files are those of the layout that are no layers and no configuration, by their paths.
func (i *Image) files() map[string][]byte {
	short, long := tags(i.Name)
	blob := func(b Blob) string { return "blobs/sha256/" + b.Digest.Hex }
	archive := archived{Config: blob(i.Config), RepoTags: []string{short}, Layers: []string{}}
	for _, layer := range i.Layers {
		archive.Layers = append(archive.Layers, blob(layer.Blob))
	}
	if Pinned(i.Name) { // no tag; such a store finds it by its digest
		archive.RepoTags = []string{}
	}
	top := i.documents[0]
	index := map[string]any{"schemaVersion": 2, "manifests": []descriptor{
		{string(top.media), top.digest.String(), len(top.content), map[string]string{"io.containerd.image.name": long}},
	}}
	text := func(value any) []byte {
		content, _ := json.Marshal(value) // of strings and numbers
		return content
	}
	files := map[string][]byte{
		"oci-layout":    []byte(`{"imageLayoutVersion":"1.0.0"}`),
		"index.json":    text(index),
		"manifest.json": text([]archived{archive}),
	}
	for _, d := range i.documents {
		files["blobs/sha256/"+d.digest.Hex] = d.content
	}
	return files
}
