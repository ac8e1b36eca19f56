package steps

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/hook"
	images "github.com/kehuo/provision/provision/image"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/tree"
)

// here is this machine's Docker, as its command reaches it.
type here struct {
	words    *language.Printer
	looking  once
	building once
	store    images.Store
	folder   string // what was saved there for the hosts; empty: nothing
}

// look finds out what builds here. A machine without Docker is told of before anything changes.
func (l *here) look(ctx context.Context) error {
	return l.looking.do(func() error {
		out, err := l.run(ctx, images.Look(os.TempDir()))
		if err == nil {
			l.store, err = images.ParseLook(out)
		}
		if err != nil {
			return provision.Fail("build.no-docker-here", err)
		}
		return nil
	}, nil)
}

// run runs a script and returns what it prints. The error has the last that it said.
func (l *here) run(ctx context.Context, script shell.Text) ([]byte, error) {
	var out bytes.Buffer
	err := l.read(ctx, script, &out)
	return out.Bytes(), err
}

func (l *here) read(ctx context.Context, script shell.Text, w io.Writer) error {
	last := ""
	said := safetext.NewLines(func(lines string) {
		if lines = strings.TrimSpace(lines); lines != "" {
			last = lines[strings.LastIndexByte(lines, '\n')+1:]
		}
	})
	err := hook.Run(ctx, "", string(script), w, said)
	said.Flush()
	if err != nil && ctx.Err() == nil && last != "" {
		return &hereError{err, last}
	}
	return err
}

// hereError is a script that failed, by what it said.
type hereError struct {
	error
	said string
}

func (e *hereError) Error() string { return e.said }
func (e *hereError) Unwrap() error { return e.error }

// builder is this machine as one that hosts are sent an image from.
func (l *here) builder() images.Builder {
	return images.Builder{
		Name: l.words.T("build.here"), Read: l.read,
		Persist: func(_ context.Context, work func() error) error { return work() },
		Exit: func(err error) int {
			var exit *hook.ExitError
			if errors.As(err, &exit) {
				return exit.Status
			}
			return 0
		},
	}
}

// describe is the image that has a name here; nil for none.
func (l *here) describe(ctx context.Context, name string) *docker.Image {
	out, err := l.run(ctx, shell.Exec("docker", "image", "inspect", "--format", docker.Description, name))
	if err != nil {
		return nil
	}
	made, _ := docker.ParseDescription(string(out))
	return made
}

// save keeps an image as files until the last host of the run has read what it lacks.
func (l *here) save(ctx context.Context, name string) (*images.Built, error) {
	made := l.describe(ctx, name)
	if made == nil {
		return nil, provision.Fail("build.no-image-here", name)
	}
	folder, err := os.MkdirTemp("", "provision-image-")
	if err != nil {
		return nil, provision.Fail("image.save", name, l.words.T("build.here"), err)
	}
	l.folder = folder
	return l.builder().Save(ctx, folder, name, made.ID)
}

// close removes what was saved.
func (l *here) close() {
	if l.folder != "" {
		_ = os.RemoveAll(l.folder)
		l.folder = ""
	}
}

// buildHere builds the image on this machine, once a run, before any of its hosts is changed.
func (h *Host) buildHere(ctx context.Context, r *provision.Reporter) error {
	s := h.Step(Build).(build)
	r = r.In(Build)
	return h.rollout.sent.here.building.do(func() error {
		return provision.InStep(Build, s.buildHere(ctx, r, h.Inventory.Site.Source, h.Manifest))
	}, func() { r.Output(provision.StreamOut, h.Words.T("build.waits", h.Name(), s.from())) })
}

func (s build) buildHere(ctx context.Context, r *provision.Reporter, source string, m *tree.Manifest) error {
	local, name := &s.sent.here, s.site.ImageOf(s.tree)
	if made := local.describe(ctx, name); made != nil && made.Label(docker.LabelTree) == s.tree && made.Label(docker.LabelDirectory) == s.site.Directory {
		return nil
	}
	folder, err := os.MkdirTemp("", "provision-build-")
	if err != nil {
		return provision.Fail("build.stage", os.TempDir(), err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	context, lent := filepath.Join(folder, "context"), filepath.Join(folder, "lent")
	if err := errors.Join(tree.Copy(ctx, source, context, m), s.lent.lendHere(lent)); err != nil {
		return provision.Fail("build.stage", folder, err)
	}
	argv := docker.Build(docker.BuildOptions{
		Site: s.site.Name, Directory: s.site.Directory, Tree: s.tree, Name: s.site.Image, ReleaseName: name, Recipe: s.recipe, Lent: lent, ReleaseOnly: true,
	})
	r.Output(provision.StreamOut, s.words.T("build.begins-here", name, local.store.Platform))
	r.Command("cd " + shell.Quote(source) + " && " + shell.Quote(argv...))
	s.host = s.words.T("build.here") // where a failure of it happens
	a := &attempt{build: s, mark: rand.Text(), pass: s.progress(r)}
	script := buildScript.With(append([]string{context, a.mark + " " + docker.Description, name, s.needs, lent}, argv...)...)
	err = hook.Local(ctx, context, string(script), a.read)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case a.why != nil:
		return a.why
	case err != nil:
		return provision.Fail("fail.build-here", source, err)
	}
	s.tidyHere(ctx)
	return nil
}

// tidyHere removes the site's earlier images from this machine: hosts keep their own for the way back. One that is in use stays.
func (s build) tidyHere(ctx context.Context) {
	_, _ = s.sent.here.run(ctx, tidyScript.With(s.site.ImageOf(s.tree),
		docker.LabelSite+"="+s.site.Name, docker.LabelDirectory+"="+s.site.Directory, docker.LabelImage+"="+s.site.Image))
}

// lendHere has the secrets under the names that the build knows them by.
func (l lent) lendHere(folder string) error {
	err := os.Mkdir(folder, 0o700)
	for name, file := range l.files {
		if err == nil {
			err = os.Symlink(file, filepath.Join(folder, name))
		}
	}
	return err
}
