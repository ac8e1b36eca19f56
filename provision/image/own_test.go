package image

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/kehuo/provision/provision"
)

func TestTheImageOfTheProgramForHosts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "edge")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", file, "../../cmd/edge")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	program, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"own/edge-linux-amd64": {Data: program}}
	name, archive, err := ownFrom(files, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	var manifest []struct {
		Config           string
		RepoTags, Layers []string
	}
	for r := tar.NewReader(unzipped); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Name == "manifest.json" {
			if err := json.NewDecoder(r).Decode(&manifest); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(manifest) != 1 || len(manifest[0].RepoTags) != 1 || manifest[0].RepoTags[0] != name {
		t.Errorf("the image is %s, its manifest %+v", name, manifest)
	}
	if again, _, _ := ownFrom(files, "amd64"); again != name {
		t.Errorf("the image is %s, and %s the next time", name, again)
	}
}

func TestAProgramForHostsThatWouldNotRunIsNotSent(t *testing.T) {
	dynamic, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	for code, c := range map[string]struct {
		files        fstest.MapFS
		architecture string
	}{
		"image.own-absent":       {fstest.MapFS{}, "arm64"},
		"image.own-architecture": {fstest.MapFS{}, "riscv64"},
		"image.own-dynamic":      {fstest.MapFS{"own/edge-linux-amd64": {Data: dynamic}}, "amd64"},
	} {
		if _, _, err := ownFrom(c.files, c.architecture); provision.CodeOf(err) != code {
			t.Errorf("%s: %v", code, err)
		}
	}
}
