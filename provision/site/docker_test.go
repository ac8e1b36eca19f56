//go:build host

package site

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

// The Docker that judges: DOCKER_HOST and DOCKER_CONFIG choose another. Its builders are the old one, and BuildKit where the
// client has it.
const dockerLabel = "provision.test=dockerfiles"

// published is a Dockerfile of the kinds that people publish, with its context.
type published struct {
	name    string
	needs   string // a feature of the builder
	folder  string
	report  Report
	recipe  *recipe
	refused string // the first error of ours
}

// TestDockerfilesLikeDocker builds every Dockerfile of testdata with the real Docker. What it builds and starts must have no error
// of ours, and the files of the image must be where the model has them. What it refuses and we do not is listed.
func TestDockerfilesLikeDocker(t *testing.T) {
	base := dockerBase(t)
	builders := []string{"0"}
	if _, err := docker(t, nil, "buildx", "version"); err == nil {
		builders = append(builders, "1")
	} else {
		t.Log("no BuildKit here: the old builder alone judges")
	}
	for _, buildkit := range builders {
		features := dockerFeatures(t, base, buildkit)
		var all sync.WaitGroup
		room := make(chan struct{}, 4)
		var missed, skipped []string
		var lock sync.Mutex
		judged := 0
		for _, p := range publishedDockerfiles(t) {
			if p.needs != "" && !features[p.needs] {
				skipped = append(skipped, p.name)
				continue
			}
			judged++
			all.Go(func() {
				room <- struct{}{}
				defer func() { <-room }()
				out, works := p.judge(t, base, buildkit)
				switch {
				case works && p.refused != "":
					t.Errorf("%s (BuildKit %s): Docker takes it, and we say %s", p.name, buildkit, p.refused)
				case !works && p.refused == "":
					lock.Lock()
					defer lock.Unlock()
					missed = append(missed, p.name+": "+out)
				}
			})
		}
		all.Wait()
		slices.Sort(missed)
		t.Logf("BuildKit %s: %d Dockerfiles judged, %d misses\n%s\nnot known to this builder: %v", buildkit, judged, len(missed), strings.Join(missed, "\n"), skipped)
	}
}

// publishedDockerfiles writes the contexts of testdata and examines them.
func publishedDockerfiles(t *testing.T) []*published {
	t.Helper()
	names, err := filepath.Glob("testdata/dockerfiles/*.txtar")
	if err != nil || len(names) < 40 {
		t.Fatalf("%d Dockerfiles, %v", len(names), err)
	}
	var list []*published
	for _, name := range names {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p := &published{name: strings.TrimSuffix(filepath.Base(name), ".txtar"), folder: t.TempDir()}
		if err := txtar.Write(archive, p.folder); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(archive.Comment)) {
			words := strings.Fields(line)
			switch {
			case len(words) == 2 && words[0] == "needs:":
				p.needs = words[1]
			case len(words) == 3 && words[0] == "link:":
				err = os.Symlink(words[2], filepath.Join(p.folder, words[1]))
			default:
				err = fmt.Errorf("%s: what is %q", name, line)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		in := Read(os.DirFS(p.folder), Site{}, time.Now())
		p.recipe, p.report = in.recipe, Examine(in, language.New(language.English))
		for _, problem := range p.report.Problems {
			if problem.Finding.Severity == provision.SeverityError && p.refused == "" {
				p.refused = problem.Finding.Code + ": " + problem.Finding.Cause
			}
		}
		list = append(list, p)
	}
	return list
}

// judge builds and, where we say that it would not start, starts it. A built image is compared with the model.
func (p *published) judge(t *testing.T, base, buildkit string) (out string, works bool) {
	content, _ := os.ReadFile(filepath.Join(p.folder, "Dockerfile"))
	file := filepath.Join(t.TempDir(), "Dockerfile")
	if err := os.WriteFile(file, onBase(content, p.recipe, base), 0o600); err != nil {
		t.Fatal(err)
	}
	if own, err := os.ReadFile(filepath.Join(p.folder, OwnIgnorePath)); err == nil {
		if err := os.WriteFile(file+IgnorePath, own, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"build", "--force-rm", "--network", "none", "--label", dockerLabel, "--iidfile", filepath.Join(t.TempDir(), "iid"), "--file", file, p.folder}
	id := args[7]
	text, err := docker(t, []string{"DOCKER_BUILDKIT=" + buildkit, "BUILDKIT_PROGRESS=plain"}, args...)
	if err != nil {
		return lastLines(text), false
	}
	raw, err := os.ReadFile(id)
	if err != nil {
		t.Fatal(err)
	}
	image := strings.TrimSpace(string(raw))
	if p.refused != "" {
		return p.start(t, image)
	}
	p.compare(t, image)
	return "", true
}

// start reports whether the container comes up: its shell or the kernel finds the program.
func (p *published) start(t *testing.T, image string) (string, bool) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	c := exec.CommandContext(ctx, "docker", "run", "--rm", "--network", "none", "--label", dockerLabel, image)
	out, err := c.CombinedOutput()
	return lastLines(string(out)), err == nil
}

// compare looks at each file of the image: the model must not have another one there, or none.
func (p *published) compare(t *testing.T, image string) {
	out, err := docker(t, nil, "create", "--label", dockerLabel, image, "true")
	if err != nil {
		t.Errorf("%s: %s", p.name, out)
		return
	}
	container := strings.TrimSpace(out)
	defer func() { _, _ = docker(t, nil, "rm", container) }()
	var export bytes.Buffer
	c := exec.Command("docker", "export", container)
	c.Stdout = &export
	if err := c.Run(); err != nil {
		t.Errorf("%s: export: %v", p.name, err)
		return
	}
	model := p.recipe.image()
	listed := map[string][]string{}
	there := map[string]bool{}
	archive := tar.NewReader(&export)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Errorf("%s: %v", p.name, err)
			return
		}
		name := path.Clean("/" + header.Name)
		there[name] = true
		if header.Typeflag != tar.TypeReg || strings.HasPrefix(name, "/dev") || name == "/.dockerenv" || path.Base(name) == IgnorePath || strings.HasPrefix(name, "/etc/host") || name == "/etc/resolv.conf" {
			continue // Docker's own, and an ignore file that the old client alters where the Dockerfile lies elsewhere
		}
		content, _ := io.ReadAll(archive)
		at := model.at(name)
		switch {
		case at.state == stateAbsent, at.state == stateFolder:
			t.Errorf("%s: %s is a file, and the model has state %d there", p.name, name, at.state)
		case at.state == stateFile && at.source != "" && !bytes.Equal(content, p.recipe.context.content(at.source)),
			at.state == stateFile && at.source == "" && string(content) != at.text:
			t.Errorf("%s: %s is not %q of the model", p.name, name, at.source+at.text)
		}
		listed[path.Dir(name)] = append(listed[path.Dir(name)], path.Base(name))
	}
	for folder, names := range listed {
		have, whole := model.names(folder)
		for _, name := range names {
			if at := model.at(path.Join(folder, name)); (whole || at.state == stateFile) && !slices.Contains(have, name) {
				t.Errorf("%s: %s is in %s, and the model lists %v", p.name, name, folder, have)
			}
		}
		for _, name := range have {
			if at := path.Join(folder, name); model.at(at).state == stateFile && !there[at] {
				t.Errorf("%s: the model has %s, and the image does not", p.name, at)
			}
		}
	}
}

// onBase lets every stage build on the test's image: no registry is there.
func onBase(content []byte, r *recipe, base string) []byte {
	from := regexp.MustCompile(`(?im)^(FROM\s+(?:--\S+\s+)*)(\S+)`)
	return from.ReplaceAllFunc(content, func(line []byte) []byte {
		parts := from.FindSubmatch(line)
		image := string(parts[2])
		_, isStage := r.stageNamed(image, len(r.stages))
		if image == "scratch" || isStage {
			return line
		}
		return append(slices.Clone(parts[1]), base...)
	})
}

// dockerFeatures tells which features the builder has.
func dockerFeatures(t *testing.T, base, buildkit string) map[string]bool {
	t.Helper()
	features := map[string]bool{"buildkit": buildkit == "1"}
	for feature, line := range map[string]string{
		"heredoc": "COPY <<EOF /a\nx\nEOF\n", "link": "COPY --link Dockerfile /\n", "exclude": "COPY --exclude=x Dockerfile /\n", "parents": "COPY --parents Dockerfile /\n",
	} {
		if buildkit != "1" {
			continue
		}
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "Dockerfile"), []byte("FROM "+base+"\n"+line), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := docker(t, []string{"DOCKER_BUILDKIT=1"}, "build", "--label", dockerLabel, "-q", folder)
		features[feature] = err == nil
	}
	return features
}

// dockerBase is an image with BusyBox, and programs that do as little as possible of what package managers and compilers do.
func dockerBase(t *testing.T) string {
	t.Helper()
	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatalf("install busybox-static: %v", err)
	}
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	add := func(name string, mode int64, content []byte, link string) {
		h := &tar.Header{Name: name, Mode: mode, Size: int64(len(content)), Typeflag: tar.TypeReg, Linkname: link}
		switch {
		case link != "":
			h.Typeflag = tar.TypeSymlink
		case content == nil:
			h.Typeflag = tar.TypeDir
		}
		if err := errors.Join(w.WriteHeader(h), func() error { _, err := w.Write(content); return err }()); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{"bin/", "etc/", "etc/nginx/", "etc/nginx/conf.d/", "usr/share/nginx/html/", "docker-entrypoint.d/", "tmp/", "root/", "srv/", "opt/", "var/www/html/"} {
		add(folder, 0o755, nil, "")
	}
	add("bin/busybox", 0o755, busybox, "")
	list, err := exec.Command("/bin/busybox", "--list").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields(string(list)) {
		if name != "busybox" {
			add("bin/"+name, 0o777, nil, "busybox")
		}
	}
	add("etc/passwd", 0o644, []byte("root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/bin/false\nnode:x:1000:1000::/:/bin/sh\n"), "")
	add("etc/group", 0o644, []byte("root:x:0:\nnobody:x:65534:\nnode:x:1000:\n"), "")
	for _, name := range []string{"apt-get", "apk", "pip", "poetry", "bundle", "yarn", "composer", "docker-php-ext-install", "mvn", "npm", "go"} {
		body := "true"
		switch name {
		case "npm":
			body = `case "$*" in "run build") mkdir -p build dist; echo built >build/index.html;; esac`
		case "mvn":
			body = "mkdir -p target; echo jar >target/app.jar"
		case "go":
			body = `while [ $# -gt 0 ]; do if [ "$1" = -o ]; then mkdir -p "${2%/*}"; echo built >"$2"; fi; shift; done`
		}
		add("bin/"+name+".stub", 0o755, []byte("#!/bin/sh\n"+body+"\n"), "")
		if !slices.Contains(strings.Fields(string(list)), name) {
			add("bin/"+name, 0o777, nil, name+".stub")
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	const image = "provision-dockerfiles:base"
	c := exec.Command("docker", "import", "--change", "LABEL "+dockerLabel, "--change", `ENV PATH=/bin`, "-", image)
	c.Stdin = &layer
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("docker import: %v\n%s", err, out)
	}
	t.Cleanup(func() { // t.Context is over by then
		_ = exec.Command("docker", "image", "prune", "--force", "--all", "--filter", "label="+dockerLabel).Run()
	})
	return image
}

func docker(t *testing.T, env []string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "docker", args...)
	c.Env = append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	return string(out), err
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-2):], " ")
}
