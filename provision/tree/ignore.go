package tree

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/kehuo/provision/provision"
)

// provisionIgnore names what is not uploaded, for files that are made on the host, in the syntax of .dockerignore. What that names
// is neither uploaded nor built.
const provisionIgnore = ".provisionignore"

// maxIgnore bounds an ignore file, in bytes.
const maxIgnore = 1 << 20

// builderFiles are what docker build reads beside its context.
func (o Options) builderFiles() []string { return append([]string{o.Dockerfile}, o.Ignore...) }

// ignore matches paths against both files.
type ignore struct {
	docker, provision *patterns
	context           string // the folder that is built, which the patterns of docker are relative to; "." for all
}

// patterns are those of one file. A later one decides over an earlier one.
type patterns struct {
	list       []pattern
	exceptions bool
}

// ignored is what is known of a folder, for the paths in it.
type ignored struct {
	hidden     bool // by either file
	unbuilt    bool // by .dockerignore, or outside of the context
	exceptions bool // something below may be excepted with "!" all the same
	docker     []bool
	provision  []bool // which patterns match the folder, in their order
}

// newIgnore reads both; of the files of docker's the first that is there counts.
func newIgnore(ctx context.Context, root, folder string, files []string) (*ignore, error) {
	i := &ignore{docker: &patterns{}, context: folder}
	for _, name := range files {
		local := filepath.Join(root, filepath.FromSlash(name))
		if _, err := os.Lstat(local); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var err error
		if i.docker, err = readPatterns(ctx, local); err != nil {
			return nil, err
		}
		break
	}
	var err error
	i.provision, err = readPatterns(ctx, filepath.Join(root, provisionIgnore))
	return i, err
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
	built, unbuilt := s, false
	if i.context != "." {
		below, inside := strings.CutPrefix(s.text, i.context+"/")
		built, in.unbuilt = &subject{text: below}, !inside && s.text != i.context
		if !inside {
			built = nil
		}
	}
	if built != nil {
		unbuilt, in.docker = i.docker.match(built, above.docker)
		in.unbuilt = unbuilt
	}
	provision := false
	provision, in.provision = i.provision.match(s, above.provision)
	in.hidden = unbuilt || provision
	in.exceptions = (!unbuilt || i.docker.exceptions) && (!provision || i.provision.exceptions)
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
