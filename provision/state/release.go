package state

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/distribution/reference"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/shell"
)

// Release is what stays on the host of a release, so that it can be brought back with its own settings.
type Release struct {
	Tree  string          `json:"tree"`            // digest of its files
	Image string          `json:"image"`           // the name that its image keeps
	Spec  docker.Spec     `json:"spec"`            // how its container runs
	Asked json.RawMessage `json:"asked,omitempty"` // what its site must answer; nil: saved by a version that did not keep it
}

// Save keeps a release under its id.
func Save(directory, id string, r Release) shell.Text {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // plain data always marshals
	}
	return saveScript.With(Dir(directory), id, string(text))
}

// Saved prints what Save kept, for [ParseRelease]. It fails where there is nothing.
func Saved(directory, id string) shell.Text { return savedScript.With(Dir(directory), id) }

var (
	hexDigits       = regexp.MustCompile(`^[0-9a-f]{12,}$`)
	environmentName = regexp.MustCompile(`^environment-[0-9a-f]{12}$`)
)

// ParseRelease reads what Saved printed. The file is data: a name or a path in it that we would not have written is an error.
func ParseRelease(directory string, text []byte) (Release, error) {
	var r Release
	if len(text) > fileLimit {
		return r, fmt.Errorf("it is longer than %d bytes", fileLimit)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, err
	}
	if string(r.Asked) == "null" {
		r.Asked = nil
	}
	named, err := reference.ParseNormalizedNamed(r.Image)
	if err != nil {
		return r, fmt.Errorf("its image %.100q: %w", r.Image, err)
	}
	tagged, ok := named.(reference.Tagged)
	if !hexDigits.MatchString(r.Tree) || !ok || !strings.HasPrefix(r.Tree, tagged.Tag()) || len(tagged.Tag()) < 12 {
		return r, fmt.Errorf("its image %.100q is not that of its files %.100q", r.Image, r.Tree)
	}
	if file := r.Spec.EnvironmentFile; file != "" && (path.Dir(file) != Dir(directory) || !environmentName.MatchString(path.Base(file))) {
		return r, fmt.Errorf("its environment file %.200q is none of the site's", file)
	}
	return r, nil
}
