package inventory

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Build says how the image is built, as options of docker build do.
type Build struct {
	File      string            // the Dockerfile: a slash-separated path within Source
	Context   string            // the folder that is built: likewise
	Target    string            // the stage to build; empty: the last one
	Args      map[string]string // values of ARG, in the open
	Secrets   map[string]string // by the id that RUN --mount=type=secret names: absolute paths of files here
	SSH       map[string]string // by the id that RUN --mount=type=ssh names: absolute paths of private keys here
	Platform  string            // empty: the host's
	Network   string            // of RUN; empty: the builder's usual one
	CacheFrom []string          // images to take layers from
	Pull      bool              // ask the registry for newer base images
	NoCache   bool
}

// Standard reports whether it is `docker build .` with nothing else.
func (b Build) Standard() bool {
	b.File, b.Context = cmp.Or(b.File, "Dockerfile"), cmp.Or(b.Context, ".")
	return reflect.DeepEqual(b, Defaults().Build)
}

// NeedsBuildKit is the first field that only BuildKit knows; empty for none.
func (b Build) NeedsBuildKit() string {
	switch {
	case len(b.Secrets) > 0:
		return "site.build.secrets"
	case len(b.SSH) > 0:
		return "site.build.ssh"
	}
	return ""
}

// Private are the files that a build is lent, and that are no part of the image.
func (b Build) Private() []string {
	return append(slices.Sorted(maps.Values(b.Secrets)), slices.Sorted(maps.Values(b.SSH))...)
}

// Ignore are the files that may say what of the context is left out: that of the Dockerfile goes before that of the folder.
func (b Build) Ignore() []string {
	return []string{b.File + ".dockerignore", strings.TrimPrefix(b.Context+"/.dockerignore", "./")}
}

// Hooks are commands at certain moments of a deployment, as sh reads them; empty: none.
type Hooks struct {
	BeforeBuild  string // here, in Source, before it is read
	BeforeSwitch string // in a container of the new image, before it is tried
	AfterSwitch  string // in the new container, once it has the ports
}

// MaxBuildSecret is how large a secret may be for BuildKit, in bytes.
const MaxBuildSecret = 500 << 10

// checkLent accepts a file that a build is lent.
func checkLent(name string) error {
	content, err := ReadFile(name, MaxBuildSecret)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return invalid("inventory.lent-missing", name)
	case errors.Is(err, errFolder), errors.Is(err, errSpecial):
		return invalid("inventory.path-special", name)
	case errors.Is(err, errLarge):
		return invalid("inventory.lent-large", name, MaxBuildSecret>>10)
	case err != nil:
		return invalid("inventory.path-unreadable", name, reason(err))
	case len(content) == 0:
		return invalid("inventory.lent-empty", name)
	}
	return nil
}

// checkBuildWord accepts a word that is the value of an option of docker build.
func checkBuildWord(value string) error {
	if value != "" && (foreign(value, nameSymbols+"/:@=,+") != "" || strings.HasPrefix(value, "-")) {
		return invalid("inventory.build-word", value)
	}
	return nil
}

func checkPlatform(value string) error {
	if !regexp.MustCompile(likePlatform).MatchString(value) {
		return invalid("inventory.build-platform", value)
	}
	return nil
}

func checkBuildID(id string) error {
	if foreign(id, nameSymbols) != "" || id == "" || strings.HasPrefix(id, ".") || strings.HasPrefix(id, "-") {
		return invalid("inventory.build-id", id)
	}
	return nil
}

// arguments are values by the names of ARG.
func arguments() kind[map[string]string] {
	return byName(likeVariable, []string{"string", "number", "boolean"}, CheckVariable, (*decoder).variable, func(_ *template, value string) string { return quoted(value) })
}

// lent are files of this machine by ids.
func lent() kind[map[string]string] {
	return byName(likeBuildID, []string{"string"}, checkBuildID, func(d *decoder, name string, e entry) string {
		value, _ := file(checkLent).read(d, name, e.value)
		return value
	}, func(t *template, value string) string { return quoted(t.near(value)) })
}

// byName is a mapping of a person's own names, written in braces.
func byName(
	like string, types []string,
	check func(string) error, read func(d *decoder, name string, e entry) string, write func(*template, string) string,
) kind[map[string]string] {
	return kind[map[string]string]{
		schema: schema{"type": []string{"object", "null"}, "propertyNames": schema{"pattern": like}, "additionalProperties": schema{"type": types}},
		read: func(d *decoder, name string, n ast.Node) (map[string]string, bool) {
			if _, none := d.resolve(n).(*ast.NullNode); none {
				return nil, false
			}
			entries, ok := d.entries(n, name)
			if len(entries) == 0 {
				return nil, false // the default, which is none
			}
			values := make(map[string]string, len(entries))
			for _, e := range entries {
				if !d.reject(e.key, name, check(e.name)) {
					values[e.name] = read(d, join(name, e.name), e)
				}
			}
			return values, ok
		},
		write: func(t *template, values map[string]string) string {
			var list []string
			for _, name := range slices.Sorted(maps.Keys(values)) {
				list = append(list, quoted(name)+": "+write(t, values[name]))
			}
			return "{" + strings.Join(list, ", ") + "}"
		},
	}
}

// builder checks that the host that builds for all is one of the inventory's.
func (d *decoder) builder(inv *Inventory) {
	if on := inv.Site.BuildOn; on != BuildOnEach && on != BuildOnHere && inv.Host(on) == nil {
		d.failField("site.build_on", invalid("inventory.build-on", on))
	}
}

// Host is the host with a name; nil for none.
func (i *Inventory) Host(name string) *Host {
	if at := slices.IndexFunc(i.Hosts, func(h Host) bool { return h.Name == name }); at >= 0 {
		return &i.Hosts[at]
	}
	return nil
}

// BuildsElsewhere reports whether a host is sent an image that is built somewhere else.
func (s Site) BuildsElsewhere(host string) bool { return s.BuildOn != BuildOnEach && s.BuildOn != host }

// buildFiles checks that Dockerfile and context are there, unless before_build may make them.
func (d *decoder) buildFiles(s *Site) {
	if s.Hooks.BeforeBuild != "" {
		return
	}
	info, err := os.Stat(filepath.Join(s.Source, filepath.FromSlash(s.Build.Context)))
	if err != nil || !info.IsDir() {
		d.failField("site.build.context", invalid("inventory.build-context", s.Build.Context, s.Source))
	}
}
