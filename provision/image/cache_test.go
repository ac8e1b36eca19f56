package image

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
)

func (r *Registries) mustFetch(t *testing.T, i *Image, layers []Layer) *Layout {
	t.Helper()
	var last, most int64
	l, err := r.Fetch(t.Context(), i, layers, func(done, total int64) { last, most = done, total })
	check(t, err)
	t.Cleanup(l.Remove)
	if last != most || most != Size(layers)+i.Config.Size {
		t.Errorf("progress ended at %d of %d, want %d", last, most, Size(layers)+i.Config.Size)
	}
	return l
}

func TestWhatWasFetchedIsNotFetchedAgain(t *testing.T) {
	s, r := newShop(t, false), newRegistries(t)
	below, above := layer(t, 1<<20), layer(t, 300_000)
	s.push(t, "site:1", made(t, "amd64", below, layer(t, 200_000)))
	s.push(t, "site:2", made(t, "amd64", below, above))
	first := r.mustFind(t, s.address+"/site:1")
	s.fetched()
	r.mustFetch(t, first, first.Layers)
	if got, want := s.fetched(), first.Size()+first.Config.Size; got != want {
		t.Errorf("the first image took %d bytes, want %d", got, want)
	}
	r.mustFetch(t, first, first.Layers)
	if got := s.fetched(); got != 0 {
		t.Errorf("the same image took %d bytes again", got)
	}
	second := r.mustFind(t, s.address+"/site:2")
	s.fetched()
	l := r.mustFetch(t, second, second.Layers)
	if got, want := s.fetched(), second.Layers[1].Size+second.Config.Size; got != want {
		t.Errorf("the image with one changed layer took %d bytes, want %d", got, want)
	}
	if len(l.Manifest.Entries) != 9 { // two folders, three files that tell, the manifest, the configuration, two layers
		t.Errorf("the layout has %d entries: %v", len(l.Manifest.Entries), l.Manifest.Entries)
	}

	// What went bad on the disk is fetched anew.
	kept := filepath.Join(r.Folder, second.Layers[1].Digest.Hex)
	content, err := os.ReadFile(kept)
	check(t, err)
	check(t, os.WriteFile(kept, bytes.Repeat([]byte{1}, len(content)), 0o600))
	s.fetched()
	r.mustFetch(t, second, second.Layers)
	if got, want := s.fetched(), second.Layers[1].Size; got != want {
		t.Errorf("a layer that went bad took %d bytes, want %d", got, want)
	}
}

func TestARegistryThatLies(t *testing.T) {
	s, r := newShop(t, false), newRegistries(t)
	s.push(t, "site:1", made(t, "amd64", layer(t, 100_000), layer(t, 1000)))
	i := r.mustFind(t, s.address+"/site:1")
	s.set(func() { s.lies[i.Layers[0].Digest.String()] = true })
	_, err := r.Fetch(t.Context(), i, i.Layers, func(int64, int64) {})
	if provision.CodeOf(err) != "image.digest" {
		t.Errorf("a layer that is another: %v", err)
	}
	if _, err := os.Stat(filepath.Join(r.Folder, i.Layers[0].Digest.Hex)); err == nil {
		t.Error("it was kept")
	}
	again := &Registries{Folder: t.TempDir()}
	s.set(func() { s.lies = map[string]bool{i.Config.Digest.String(): true} })
	if _, err := again.Find(t.Context(), s.address+"/site:1", "linux/amd64"); provision.CodeOf(err) != "image.digest" {
		t.Errorf("a configuration that is another: %v", err)
	}
	s.set(func() { s.lies = map[string]bool{i.Digest.String(): true} })
	if _, err := again.Find(t.Context(), s.address+"/site@"+i.Digest.String(), "linux/amd64"); provision.CodeOf(err) != "image.unreachable" {
		t.Errorf("a manifest that is another: %v", err)
	}
}

func TestTheCacheHasABound(t *testing.T) {
	folder := t.TempDir()
	names := []string{"a", "b", "c"}
	for n, c := range names {
		file := filepath.Join(folder, string(bytes.Repeat([]byte(c), 64)))
		check(t, os.WriteFile(file, make([]byte, 100), 0o600))
		used := time.Now().Add(time.Duration(n-10) * time.Hour)
		check(t, os.Chtimes(file, used, used))
	}
	for _, left := range []string{"part-1", "stage-1", "part-2"} {
		check(t, os.WriteFile(filepath.Join(folder, left), nil, 0o600))
	}
	old := time.Now().Add(-2 * stale)
	for _, left := range []string{"part-1", "stage-1"} {
		check(t, os.Chtimes(filepath.Join(folder, left), old, old))
	}
	(&Registries{Folder: folder}).trim(250)
	entries, err := os.ReadDir(folder)
	check(t, err)
	var got string
	for _, e := range entries {
		got += e.Name()[:1]
	}
	if got != "bcp" {
		t.Errorf("the cache has %s left", got)
	}
}
