package transfer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// The files that say what is left out, in the syntax of .dockerignore. What the first one names is neither uploaded nor
// built; what the second one names is not uploaded, for files that are made on the host.
const (
	dockerIgnore    = ".dockerignore"
	provisionIgnore = ".provisionignore"
)

// builderReads tells whether docker build reads a path though .dockerignore names it.
func builderReads(p string) bool { return p == "Dockerfile" || p == dockerIgnore }

// ignore matches paths against both files. Its matchers compile patterns as they go and cannot be shared, hence the pools.
type ignore struct {
	docker, provision *patterns
}

type patterns struct {
	exceptions bool
	matchers   sync.Pool // of *patternmatcher.PatternMatcher
}

// ignored is what is known of a folder, for the paths in it.
type ignored struct {
	hidden     bool // by either file
	unbuilt    bool // by .dockerignore
	exceptions bool // something below may be excepted with "!" all the same
	docker     patternmatcher.MatchInfo
	provision  patternmatcher.MatchInfo
}

func newIgnore(root string) (*ignore, error) {
	docker, err := readPatterns(filepath.Join(root, dockerIgnore))
	if err != nil {
		return nil, err
	}
	provision, err := readPatterns(filepath.Join(root, provisionIgnore))
	return &ignore{docker, provision}, err
}

// readPatterns returns nil where there is no such file, or nothing in it.
func readPatterns(name string) (*patterns, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, cause(err))
	}
	lines, err := ignorefile.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, cause(err))
	}
	first, err := patternmatcher.New(lines)
	if err == nil && len(lines) > 0 {
		_, err = first.MatchesOrParentMatches("a") // compiles the patterns
	}
	if err != nil {
		return nil, fmt.Errorf("cannot use %s: %w; correct the pattern", name, err)
	}
	if len(lines) == 0 {
		return nil, nil
	}
	p := &patterns{exceptions: first.Exclusions()}
	p.matchers.New = func() any {
		m, _ := patternmatcher.New(lines) // these lines were accepted above
		return m
	}
	return p, nil
}

// match tells what is known of path, given what is known of the folder that it is in.
func (i *ignore) match(path string, above ignored) (ignored, error) {
	var in ignored
	docker, err := i.docker.match(path, above.docker, &in.docker)
	if err != nil {
		return in, fmt.Errorf("cannot match %s against %s: %w", shown(path), dockerIgnore, err)
	}
	provision, err := i.provision.match(path, above.provision, &in.provision)
	if err != nil {
		return in, fmt.Errorf("cannot match %s against %s: %w", shown(path), provisionIgnore, err)
	}
	in.unbuilt = docker
	in.hidden = docker || provision
	in.exceptions = (!docker || i.docker.exceptions) && (!provision || i.provision.exceptions)
	return in, nil
}

func (p *patterns) match(path string, above patternmatcher.MatchInfo, in *patternmatcher.MatchInfo) (matched bool, err error) {
	if p == nil {
		return false, nil
	}
	m := p.matchers.Get().(*patternmatcher.PatternMatcher)
	defer p.matchers.Put(m)
	matched, *in, err = m.MatchesUsingParentResults(strings.ToValidUTF8(path, "\uFFFD"), above)
	return matched, err
}
