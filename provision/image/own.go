package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/elf"
	"embed"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"time"

	"github.com/kehuo/provision/provision"
)

//go:embed own
var own embed.FS

// ownName is the image of the program's own part on a host; its tag tells what is in it.
const ownName = "provision-edge"

// Own is the image with the program's own part on a host, for docker load: that alone, and nothing of the system's. It is made
// here, for the architecture that the engine names.
func Own(architecture string) (name string, archive []byte, err error) {
	return ownFrom(own, architecture)
}

// Renewer is the program that renews a certificate on a host, for its architecture: compressed, see Own for what is here.
func Renewer(architecture string) ([]byte, error) {
	program, err := own.ReadFile("own/renew-linux-" + architecture + ".gz")
	if err != nil {
		return nil, absent(architecture)
	}
	return program, nil
}

// absent is why there is no program of ours for an architecture.
func absent(architecture string) error {
	if architecture != "amd64" && architecture != "arm64" {
		return provision.Fail("image.own-architecture", architecture)
	}
	return provision.Fail("image.own-absent")
}

func ownFrom(files fs.FS, architecture string) (name string, archive []byte, err error) {
	program, err := fs.ReadFile(files, "own/edge-linux-"+architecture)
	if err != nil {
		return "", nil, absent(architecture)
	}
	if !isStatic(program) {
		return "", nil, provision.Fail("image.own-dynamic")
	}
	layer, err := packOwn(ownEntry{"edge", 0o755, program})
	if err != nil {
		return "", nil, err
	}
	diff := sha256.Sum256(layer)
	config, err := json.Marshal(map[string]any{
		"architecture": architecture, "os": "linux", "created": time.Unix(0, 0).UTC(),
		"config": map[string]any{"Entrypoint": []string{"/edge"}},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(diff[:])}},
	})
	if err != nil {
		return "", nil, err
	}
	id := sha256.Sum256(config)
	name = ownName + ":" + hex.EncodeToString(id[:6])
	manifest, err := json.Marshal([]map[string]any{{"Config": "config.json", "RepoTags": []string{name}, "Layers": []string{"layer.tar"}}})
	if err != nil {
		return "", nil, err
	}
	whole, err := packOwn(ownEntry{"layer.tar", 0o644, layer}, ownEntry{"config.json", 0o644, config}, ownEntry{"manifest.json", 0o644, manifest})
	if err != nil {
		return "", nil, err
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err = w.Write(whole); err == nil {
		err = w.Close()
	}
	return name, out.Bytes(), err
}

// isStatic reports whether a program needs no loader: there is none in the image.
func isStatic(program []byte) bool {
	file, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return false
	}
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			return false
		}
	}
	return true
}

type ownEntry struct {
	name    string
	mode    int64
	content []byte
}

func packOwn(entries ...ownEntry) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		if err := w.WriteHeader(&tar.Header{Name: e.name, Mode: e.mode, Size: int64(len(e.content)), Format: tar.FormatUSTAR}); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.content); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), w.Close()
}
