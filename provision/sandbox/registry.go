package sandbox

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	// buildName begins the names of what exists only while an image is made.
	buildName = "provision-sandbox-build-"
	// registryURL answers any request, with 401 to one without a token.
	registryURL = "https://registry-1.docker.io/v2/"
	// registryTimeout is short: a machine without a registry must not notice.
	registryTimeout = 3 * time.Second
	// pullTimeout is for an image of a gigabyte over a slow link.
	pullTimeout = 15 * time.Minute
)

// debianImage is what root file systems start from where a registry can be
// reached; that needs neither root nor mmdebstrap here.
func debianImage(suite string) string { return "debian:" + suite + "-slim" }

// reachable asks the registry at url for a sign of life.
func reachable(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, registryTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	request.Close = true // one question, then no connection is kept
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK || response.StatusCode == http.StatusUnauthorized
}

// buildArgs is the docker command that builds the recipe's image from a
// Dockerfile on stdin.
func (r recipe) buildArgs(tag string) []string {
	return []string{"build", "--quiet", "--force-rm", "--pull=false", "--label", labelImage, "--tag", tag, "-"}
}

// dockerfile is the recipe for docker build.
func (r recipe) dockerfile(from string) string {
	removed := slices.Concat(unneeded[:], r.remove)
	for i, pattern := range removed {
		removed[i] = "/" + pattern
	}
	return "FROM " + from + "\n" +
		"RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends " +
		strings.Join(r.packages, " ") + " && rm -rf " + strings.Join(removed, " ") + "\n"
}

// overlay is a tar archive of the recipe's own files.
func (r recipe) overlay() (*bytes.Buffer, error) {
	var files []configFile
	for path, content := range r.files {
		files = append(files, configFile{path, 0o644, content})
	}
	return pack(files)
}

// fromImage makes the archive from an image with Debian's package manager.
func (r rootfs) fromImage(ctx context.Context, recipe recipe, image, path string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, rootfsTimeout, fmt.Errorf("not done after %s", rootfsTimeout))
	defer cancel()
	r.say("sandbox.rootfs.from-image", recipe.name, image)
	name := buildName + recipe.name + "-" + recipe.version()
	cleanUp := context.WithoutCancel(ctx)
	defer func() {
		// What is left after a failure here carries the label, and Purge takes it.
		_, _ = r.engine.run(cleanUp, "rm", "--force", name)
		_, _ = r.engine.run(cleanUp, "rmi", name)
	}()
	if _, err := r.engine.pipe(ctx, strings.NewReader(recipe.dockerfile(image)), recipe.buildArgs(name)...); err != nil {
		return err
	}
	if _, err := r.engine.run(ctx, "create", "--name", name, "--label", labelImage, name, "/bin/true"); err != nil {
		return err
	}
	overlay, err := recipe.overlay()
	if err != nil {
		return err
	}
	if _, err := r.engine.pipe(ctx, overlay, "cp", "-", name+":/"); err != nil {
		return err
	}
	unfinished := path + ".unfinished"
	defer os.Remove(unfinished)
	if _, err := r.engine.run(ctx, "export", "--output", unfinished, name); err != nil {
		return err
	}
	return os.Rename(unfinished, path)
}

// pulled tells whether image is on this machine's engine, pulling it if it is
// not and a registry can be reached.
func (r rootfs) pulled(ctx context.Context, image string) bool {
	if _, err := r.engine.run(ctx, "image", "inspect", "--format", "{{.Id}}", image); err == nil {
		return true
	}
	if !reachable(ctx, registryURL) {
		return false
	}
	r.say("sandbox.pulling", image)
	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	if _, err := r.engine.run(ctx, "pull", "--quiet", image); err != nil {
		r.say("sandbox.pull-failed", image, err)
		return false
	}
	return true
}

// saved returns the path of an archive of an image that is on this machine's
// engine, for docker load.
func (r rootfs) saved(ctx context.Context, image string) (string, error) {
	id, err := r.engine.run(ctx, "image", "inspect", "--format", "{{.Id}}", image)
	if err != nil {
		return "", fmt.Errorf("cannot find %s on this machine: %w", image, err)
	}
	_, digest, _ := strings.Cut(strings.TrimSpace(id), ":")
	return r.kept(ctx, "image-"+digest[:min(12, len(digest))]+".tar", func(path string) error {
		unfinished := path + ".unfinished"
		defer os.Remove(unfinished)
		if _, err := r.engine.run(ctx, "save", "--output", unfinished, image); err != nil {
			return fmt.Errorf("cannot save %s for the sandbox: %w", image, err)
		}
		return os.Rename(unfinished, path)
	})
}

// pack makes a tar archive of files that belong to root.
func pack(files []configFile) (*bytes.Buffer, error) {
	archive := new(bytes.Buffer)
	w := tar.NewWriter(archive)
	for _, f := range files {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: filepath.ToSlash(f.path), Mode: f.mode, Size: int64(len(f.content))}
		if err := w.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("cannot pack %s for the sandbox: %w", f.path, err)
		}
		if _, err := w.Write([]byte(f.content)); err != nil {
			return nil, fmt.Errorf("cannot pack %s for the sandbox: %w", f.path, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("cannot pack files for the sandbox: %w", err)
	}
	return archive, nil
}

// configFile is a file that goes into a host or an image.
type configFile struct {
	path    string
	mode    int64
	content string
}
