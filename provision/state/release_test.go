package state_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/shell/shelltest"
	"github.com/kehuo/provision/provision/state"
)

const tree = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestReleasesAreKept(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		directory, dir := newSite(t)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		made := state.Release{Tree: tree, Image: "myweb_image:0123456789ab", Asked: []byte(`{"tls":true}`),
			Spec: docker.Spec{Command: []string{"it's", "$HOME"}, EnvironmentFile: dir + "/environment-0123456789ab"}}
		s.Run(t, state.Save(directory, "0123456789ab", made))
		// As versions of the program before this one write it and read it.
		const golden = `{"tree":"` + tree + `","image":"myweb_image:0123456789ab","spec":{"ports":null,"command":["it's","$HOME"],"environment_file":"DIR/environment-0123456789ab","restart":""},"asked":{"tls":true}}` + "\n"
		text := s.Run(t, state.Saved(directory, "0123456789ab"))
		if text != strings.ReplaceAll(golden, "DIR", dir) {
			t.Errorf("kept %q", text)
		}
		if got, err := state.ParseRelease(directory, []byte(text)); err != nil || !reflect.DeepEqual(got, made) {
			t.Errorf("read %+v, %v", got, err)
		}
		for _, id := range []string{"", "../history", "0123456789ab/x", "ffff"} {
			if out, err := s.Command(t.Context(), state.Saved(directory, id)).Output(); err == nil || len(out) > 0 {
				t.Errorf("release %q is %q", id, out)
			}
		}
		write(t, filepath.Join(dir, "releases", "ab.json"), strings.Repeat(" ", 2<<20)+text)
		if _, err := state.ParseRelease(directory, []byte(s.Run(t, state.Saved(directory, "ab")))); err == nil || !strings.Contains(err.Error(), "longer") {
			t.Errorf("one of 2 MiB gives %v", err)
		}
	})
}

func TestForgedReleases(t *testing.T) {
	const directory = "/home/kevin/dev/myweb"
	good := `{"tree":"` + tree + `","image":"example.com:5000/a/myweb:0123456789ab","spec":{"environment_file":"/home/kevin/dev/.myweb.provision/environment-0123456789ab"}}`
	if r, err := state.ParseRelease(directory, []byte(good)); err != nil || r.Asked != nil {
		t.Fatalf("%+v, %v", r, err)
	}
	for old, forged := range map[string]string{
		tree:                                "../../etc",
		"myweb:0123456789ab":                "myweb:latest",
		"example.com:5000/a/myweb:":         "--privileged:",
		"a/myweb:0123456789ab":              "a/myweb",
		"/home/kevin/dev/.myweb.provision/": "/etc/",
		".myweb.provision/environment":      ".myweb.provision/../environment",
		"environment-0123456789ab":          "shadow",
		`"spec":{`:                          `"spec":["`,
		`9ab"}}`:                            `9ab"}} {}`,
	} {
		text := strings.Replace(good, old, forged, 1)
		if r, err := state.ParseRelease(directory, []byte(text)); err == nil {
			t.Errorf("%s is read as %+v", text, r)
		}
	}
}
