package tree

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/kehuo/provision/provision"
)

// The files that say what is left out, in the syntax of .dockerignore. What the first one names is neither uploaded nor
// built, and the Dockerfile's own one takes its place where there is one, as for BuildKit; what the last one names is not
// uploaded, for files that are made on the host.
const (
	dockerIgnore    = ".dockerignore"
	ownIgnore       = "Dockerfile" + dockerIgnore
	provisionIgnore = ".provisionignore"
)

// maxIgnore bounds an ignore file, in bytes.
const maxIgnore = 1 << 20

// builderReads tells whether docker build reads a path though .dockerignore names it.
func builderReads(p string) bool { return slices.Contains(builderFiles(), p) }

func builderFiles() []string { return []string{"Dockerfile", dockerIgnore, ownIgnore} }

// ignore matches paths against both files.
type ignore struct{ docker, provision *patterns }

// patterns are those of one file. A later one decides over an earlier one.
type patterns struct {
	list       []pattern
	exceptions bool
}

// ignored is what is known of a folder, for the paths in it.
type ignored struct {
	hidden     bool // by either file
	unbuilt    bool // by .dockerignore
	exceptions bool // something below may be excepted with "!" all the same
	docker     []bool
	provision  []bool // which patterns match the folder, in their order
}

func newIgnore(ctx context.Context, root string) (*ignore, error) {
	name := ownIgnore
	if _, err := os.Lstat(filepath.Join(root, name)); errors.Is(err, fs.ErrNotExist) {
		name = dockerIgnore
	}
	docker, err := readPatterns(ctx, filepath.Join(root, name))
	if err != nil {
		return nil, err
	}
	provision, err := readPatterns(ctx, filepath.Join(root, provisionIgnore))
	return &ignore{docker, provision}, err
}

// readPatterns returns no patterns where there is no such file.
func readPatterns(ctx context.Context, local string) (*patterns, error) {
	text, err := readRegular(ctx, local, maxIgnore)
	if errors.Is(err, fs.ErrNotExist) {
		return &patterns{}, nil
	}
	if err != nil {
		return nil, err
	}
	lines, err := ignorefile.ReadAll(bytes.NewReader(text))
	if err != nil {
		return nil, unreadable(local, err)
	}
	p, err := newPatterns(lines)
	if err != nil {
		return nil, provision.Fail("tree.pattern", Shown(local), err)
	}
	return p, nil
}

func newPatterns(lines []string) (*patterns, error) {
	checked, err := patternmatcher.New(lines)
	if err != nil {
		return nil, err
	}
	p := &patterns{exceptions: checked.Exclusions()}
	for _, line := range checked.Patterns() {
		one, err := newPattern(filepath.ToSlash(line.String()), line.Exclusion())
		if err != nil {
			return nil, err
		}
		p.list = append(p.list, one)
	}
	return p, nil
}

// match tells what is known of path, given what is known of the folder that it is in.
func (i *ignore) match(path string, above ignored) (in ignored) {
	s := &subject{text: strings.ToValidUTF8(path, "\uFFFD")}
	var provision bool
	in.unbuilt, in.docker = i.docker.match(s, above.docker)
	provision, in.provision = i.provision.match(s, above.provision)
	in.hidden = in.unbuilt || provision
	in.exceptions = (!in.unbuilt || i.docker.exceptions) && (!provision || i.provision.exceptions)
	return in
}

// match tells whether a path is left out, and which patterns match it or a folder above it. A pattern is not asked where its
// answer could change nothing.
func (p *patterns) match(s *subject, above []bool) (leftOut bool, matched []bool) {
	if len(p.list) == 0 {
		return false, nil
	}
	matched = make([]bool, len(p.list))
	for i := range p.list {
		one := &p.list[i]
		matched[i] = above != nil && above[i] || one.exception == leftOut && one.match(s)
		if matched[i] {
			leftOut = !one.exception
		}
	}
	return leftOut, matched
}
