package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// Builder is where an image was built: the machine whose engine has it.
type Builder struct {
	Name string // for a person
	// Read writes what a script of this room prints to w, once.
	Read func(ctx context.Context, script shell.Text, w io.Writer) error
	// Persist does work again when the link to the builder was lost.
	Persist func(ctx context.Context, work func() error) error
	// Exit is the exit status of a script that failed; 0 for any other failure.
	Exit func(err error) int
}

// Built is an image that a builder has.
type Built struct {
	*Image
	builder Builder
	folder  string
	files   map[v1.Hash]string // of layers and configuration, in the folder
}

// savedFolder is where a builder keeps an image as files while others are sent it.
func savedFolder(stateDir string) string { return stateDir + "/saved" }

// The exit statuses of save.sh.
const (
	savedOther  = 65
	savedNoRoom = 66
)

// maxSaved bounds what save.sh prints, in bytes: a manifest and a configuration.
const maxSaved = 2 * maxConfig

// Save has the builder's engine write the image with a name and an id as files, and tells what there is.
func (b Builder) Save(ctx context.Context, stateDir, image, id string) (*Built, error) {
	_, digits, _ := strings.Cut(id, ":")
	if len(digits) != 2*sha256.Size {
		return nil, provision.Fail("image.built-other", image, b.Name)
	}
	var out bytes.Buffer
	err := b.Persist(ctx, func() error {
		out.Reset()
		return b.Read(ctx, saveScript.With(savedFolder(stateDir), digits[:12], image, id), &limited{&out, maxSaved})
	})
	switch status := b.Exit(err); {
	case status == savedOther:
		return nil, provision.Fail("image.built-other", image, b.Name)
	case status == savedNoRoom:
		needs, free, _ := strings.Cut(strings.TrimSpace(out.String()), " ")
		return nil, provision.Fail("image.save-room", image, b.Name, number(needs), number(free))
	case err != nil:
		return nil, provision.Fail("image.save", image, b.Name, err)
	}
	built := &Built{builder: b, folder: savedFolder(stateDir) + "/" + digits[:12], files: map[v1.Hash]string{}}
	if built.Image, err = built.parse(image, out.String()); err != nil {
		return nil, provision.Fail("image.save", image, b.Name, err)
	}
	return built, nil
}

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 53)
	return n
}

// limited drops what is more than anybody reads.
type limited struct {
	w    *bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	l.w.Write(p[:n])
	return len(p), nil
}

// Forget removes the files.
func (b *Built) Forget(ctx context.Context) {
	_ = b.builder.Read(ctx, forgetScript.With(b.folder), io.Discard) // the next run does, else
}

var errSaved = errors.New("docker save wrote what is not an image")

// parse reads what save.sh printed. Layers are known by what they unpack to; those of an engine that keeps them packed, by that, too.
func (b *Built) parse(image, text string) (*Image, error) {
	i := &Image{Name: image, From: b.builder.Name, at: b}
	var saved []archived
	var config *v1.ConfigFile
	var sizes []int64
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		var err error
		switch word {
		case "manifest":
			err = json.Unmarshal([]byte(rest), &saved)
		case "config":
			size, content, _ := strings.Cut(rest, " ")
			i.Config.Size = number(size)
			config, err = v1.ParseConfigFile(strings.NewReader(content))
		case "size":
			sizes = append(sizes, number(rest))
		}
		if err != nil {
			return nil, errors.Join(errSaved, err)
		}
	}
	if len(saved) != 1 || config == nil || len(saved[0].Layers) != len(sizes) || len(config.RootFS.DiffIDs) != len(sizes) ||
		len(sizes) > maxLayers || i.Config.Size > maxConfig {
		return nil, errSaved
	}
	var err error
	if i.Config.Digest, err = named(saved[0].Config); err != nil {
		return nil, err
	}
	b.files[i.Config.Digest] = saved[0].Config
	for n, file := range saved[0].Layers {
		digest := config.RootFS.DiffIDs[n]
		if path.Dir(file) == "blobs/sha256" {
			if digest, err = named(file); err != nil {
				return nil, err
			}
		}
		b.files[digest] = file
		i.Layers = append(i.Layers, Layer{Blob{digest, sizes[n]}, config.RootFS.DiffIDs[n].String()})
	}
	i.Platform = config.OS + "/" + config.Architecture
	i.describe()
	return i, nil
}

// named is the digest that a file has as its name.
func named(file string) (v1.Hash, error) {
	return v1.NewHash("sha256:" + strings.TrimSuffix(path.Base(file), ".json"))
}

// describe makes the manifest, which a saved image has none of, or one that is of no use here.
func (i *Image) describe() {
	manifest := v1.Manifest{SchemaVersion: 2, MediaType: types.DockerManifestSchema2,
		Config: v1.Descriptor{MediaType: types.DockerConfigJSON, Size: i.Config.Size, Digest: i.Config.Digest}}
	for _, l := range i.Layers {
		media := types.DockerLayer
		if l.unpacked() {
			media = types.DockerUncompressedLayer
		}
		manifest.Layers = append(manifest.Layers, v1.Descriptor{MediaType: media, Size: l.Size, Digest: l.Digest})
	}
	content, _ := json.Marshal(manifest) // of strings and numbers
	sum := sha256.Sum256(content)
	i.Digest = v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
	i.documents = []document{{i.Digest, manifest.MediaType, content}}
}

// unpacked reports whether the layer is not packed.
func (l Layer) unpacked() bool { return l.Digest.String() == l.DiffID }

// fetch implements origin: what was read when the link is cut is not read again.
func (b *Built) fetch(ctx context.Context, blob Blob, w io.Writer) error {
	file, ok := b.files[blob.Digest]
	if !ok {
		return errSaved
	}
	hash := sha256.New()
	to := &counter{w: io.MultiWriter(w, hash), got: func(int64) {}}
	err := b.builder.Persist(ctx, func() error {
		reader, writer := io.Pipe()
		unpacked := make(chan error, 1)
		go func() {
			err := unpack(reader, to, blob.Size-to.n)
			_ = reader.CloseWithError(err)
			unpacked <- err
		}()
		err := b.builder.Read(ctx, readScript.With(b.folder+"/"+file, strconv.FormatInt(to.n, 10)), writer)
		_ = writer.CloseWithError(err)
		if wrong := <-unpacked; err == nil {
			err = wrong
		}
		return err
	})
	if got := "sha256:" + hex.EncodeToString(hash.Sum(nil)); err == nil && got != blob.Digest.String() {
		return &DigestError{blob.Digest.String(), got}
	}
	return err
}

// unpack copies what a builder's gzip packed, and no more than is wanted.
func unpack(from io.Reader, to io.Writer, size int64) error {
	z, err := gzip.NewReader(from)
	if err != nil {
		return err
	}
	if _, err = io.Copy(to, io.LimitReader(z, size+1)); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, from) // whoever writes must not be held up
	return err
}

// explain implements origin.
func (b *Built) explain(image string, err error) error {
	var wrong *DigestError
	if errors.As(err, &wrong) {
		return provision.Fail("image.digest", image, b.builder.Name, wrong.Want, wrong.Got)
	}
	return provision.Fail("image.save", image, b.builder.Name, provision.ForeignError(safetext.Abbreviate(safetext.Clean(err.Error()), saidLimit)))
}

// Pack is the image with those of the layers packed that are to be sent and are not yet. They go into the cache; hosts share them.
func (r *Registries) Pack(ctx context.Context, b *Built, layers []Layer, progress func(done, total int64)) (*Image, []Layer, error) {
	packed := *b.Image
	packed.Layers = append([]Layer{}, b.Layers...)
	var list []Layer
	total, done := Size(layers), int64(0)
	tell := func(n int64) { done += n; progress(min(max(done, 0), total), total) }
	for n, l := range packed.Layers {
		if !slices.ContainsFunc(layers, func(w Layer) bool { return w.DiffID == l.DiffID }) {
			continue
		}
		if l.unpacked() {
			blob, err := r.pack(ctx, b, l.Blob, tell)
			if err != nil {
				return nil, nil, err
			}
			packed.Layers[n].Blob = blob
		}
		list = append(list, packed.Layers[n])
	}
	packed.describe()
	return &packed, list, nil
}

// pack has the cache hold a layer packed, once a run.
func (r *Registries) pack(ctx context.Context, b *Built, layer Blob, got func(int64)) (Blob, error) {
	r.mu.Lock()
	known, done := r.packed[layer.Digest]
	r.mu.Unlock()
	if done {
		if _, err := os.Stat(filepath.Join(r.Folder, known.Digest.Hex)); err == nil {
			got(layer.Size)
			return known, nil
		}
	}
	folder, err := r.stage()
	if err != nil {
		return Blob{}, err
	}
	defer (&Layout{Folder: folder, names: &r.names}).Remove()
	from, to := filepath.Join(folder, "layer"), filepath.Join(folder, "packed")
	if err := r.blob(ctx, b.Image, layer, from, got); err != nil {
		return Blob{}, err
	}
	packed, err := compress(ctx, from, to)
	if err == nil {
		r.names.Lock()
		err = os.Rename(to, filepath.Join(r.Folder, packed.Digest.Hex))
		r.names.Unlock()
	}
	if err != nil {
		return Blob{}, provision.Fail("image.cache", r.Folder, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.packed == nil {
		r.packed = map[v1.Hash]Blob{}
	}
	r.packed[layer.Digest] = packed
	return packed, nil
}

// compress packs a file, each time to the same bytes.
func compress(ctx context.Context, from, to string) (b Blob, err error) {
	in, err := os.Open(from)
	if err != nil {
		return b, err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return b, err
	}
	hash := sha256.New()
	count := &counter{w: io.MultiWriter(out, hash), got: func(int64) {}}
	z, err := gzip.NewWriterLevel(count, gzip.BestSpeed)
	if err == nil {
		_, err = io.Copy(z, &within{ctx, in})
		err = errors.Join(err, z.Close())
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return b, err
	}
	return Blob{v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(hash.Sum(nil))}, count.n}, nil
}

// within is a reader that ends with a context.
type within struct {
	ctx context.Context
	r   io.Reader
}

func (w *within) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.r.Read(p)
}
