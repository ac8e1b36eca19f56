package tree

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
)

// scope says what of a folder is wanted: all of it, or only what is named, and what must not be ignored.
type scope struct {
	all         bool
	required    bool // named by site.upload: it must be there
	forced      bool // this very path is uploaded whatever is ignored
	holdsForced bool // something in it is
	named       map[string]scope
}

// newScope makes the scope of the root.
func newScope(o Options) (scope, error) {
	root := scope{}
	upload := o.Upload
	if len(upload) == 0 {
		upload = []string{"."}
	}
	for _, p := range upload {
		names, err := components(p)
		if err != nil {
			return scope{}, err
		}
		root = root.with(names, false)
	}
	forced := append(o.builderFiles(), o.Always...)
	for _, p := range append(forced, o.Private...) {
		names, err := components(p)
		if err != nil {
			return scope{}, err
		}
		if len(names) > 0 {
			root = root.with(names, true)
		}
	}
	return root, nil
}

func components(p string) ([]string, error) {
	clean := path.Clean(p)
	switch {
	case p == "" || strings.HasPrefix(clean, "/") || clean == ".." || strings.HasPrefix(clean, "../"):
		return nil, provision.Fail("tree.outside", p)
	case clean == ".":
		return nil, nil
	}
	return strings.Split(clean, "/"), nil
}

// with adds a path to the scope.
func (s scope) with(names []string, forced bool) scope {
	if len(names) == 0 {
		if forced {
			s.forced = true
		} else {
			s.all = true
		}
		return s
	}
	s.holdsForced = s.holdsForced || forced
	if s.named == nil {
		s.named = make(map[string]scope)
	}
	inner := s.named[names[0]]
	inner.required = inner.required || !forced
	s.named[names[0]] = inner.with(names[1:], forced)
	return s
}

// child is the scope of something in the folder.
func (s scope) child(name string) scope {
	inner := s.named[name]
	inner.all = inner.all || s.all
	return inner
}

// names are those to look for in a folder that is not wanted as a whole.
func (s scope) names() []string { return slices.Sorted(maps.Keys(s.named)) }
