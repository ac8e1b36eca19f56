package site

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
)

// tutorialIn is the tutorial's site, built from a folder of its source by a Dockerfile in another one.
func tutorialIn(t *testing.T, context, dockerfile string, change func(text string) string) (string, Site) {
	t.Helper()
	dir := t.TempDir()
	for name, file := range folder(t, nil) {
		path := filepath.Join(dir, context, name)
		if name == DockerfilePath {
			path = filepath.Join(dir, dockerfile)
			file.Data = []byte(change(string(file.Data)))
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, file.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := tutorialSite()
	s.Dockerfile, s.Context = dockerfile, context
	s.Certificate, s.Key = context+"/"+pemFile, context+"/"+keyFile
	return dir, s
}

func examineIn(t *testing.T, dir string, s Site) Report {
	t.Helper()
	return examineFS(t, os.DirFS(dir), s)
}

// TestBuildContext: all that is said of a site holds where the Dockerfile and its context are others, and is said by the paths in
// the source.
func TestBuildContext(t *testing.T) {
	keep := func(text string) string { return text }
	dir, s := tutorialIn(t, "web/app", "docker/Dockerfile.web", keep)
	if got := codes(examineIn(t, dir, s)); len(got) > 0 {
		t.Errorf("the tutorial's site has problems: %v", got)
	}
	s.Upload = []string{"docker", "web/app/ssl_files", "web/app/resource"}
	if got := codes(examineIn(t, dir, s)); !slices.Equal(got, []string{"copy-not-uploaded"}) {
		t.Errorf("with start.sh left out, found %v", got)
	}
	dir, s = tutorialIn(t, "web/app", "docker/Dockerfile.web", func(text string) string {
		return strings.ReplaceAll(text, "COPY ./ssl_files/kevinhuo_cool.key /etc/nginx/cert/kevinhuo_cool.key\n", "")
	})
	report := examineIn(t, dir, s)
	if got := codes(report); !slices.Equal(got, []string{"key-not-copied"}) {
		t.Fatalf("without the key's line, found %v", got)
	}
	edits := report.Edits()
	if len(edits) != 1 || edits[0].File != "docker/Dockerfile.web" || report.Problems[0].File != "docker/Dockerfile.web" && report.Problems[1].File != "docker/Dockerfile.web" {
		t.Fatalf("the edits are %+v", edits)
	}
	if err := Apply(dir, edits[0]); err != nil {
		t.Fatal(err)
	}
	if got := codes(examineIn(t, dir, s)); len(got) > 0 {
		t.Errorf("after mending: %v", got)
	}
}

// TestBuildIgnore: the ignore file is the context's, and the Dockerfile's own one goes before it.
func TestBuildIgnore(t *testing.T) {
	dir, s := tutorialIn(t, "app", "Dockerfile", func(text string) string { return text })
	write := func(name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("start.sh\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(".dockerignore")
	if got := codes(examineIn(t, dir, s)); len(got) > 0 {
		t.Errorf("an ignore file outside of the context hides %v", got)
	}
	write("app/.dockerignore")
	report := examineIn(t, dir, s)
	if got := codes(report); !slices.Equal(got, []string{"copy-ignored"}) {
		t.Errorf("found %v", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile.dockerignore"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := codes(examineIn(t, dir, s)); len(got) > 0 {
		t.Errorf("the Dockerfile's own ignore file does not go first: %v", got)
	}
}

// TestBuildTarget: of a Dockerfile with several images, the one that is asked for is examined.
func TestBuildTarget(t *testing.T) {
	root := folder(t, map[string]string{"Dockerfile": strings.Replace(goodDockerfile, "nginx\n", "nginx AS web\n", 1) +
		"FROM web AS debug\nCOPY ./nowhere /nowhere\nFROM scratch\n"})
	s := tutorialSite()
	for target, want := range map[string][]string{
		"web": nil, "WEB": nil, "0": nil, "debug": {"copy-missing"}, "wbe": {"build-no-target"},
	} {
		s.Target = target
		got := slices.DeleteFunc(codes(examine(t, root, s)), func(code string) bool {
			return target == "wbe" && code != "build-no-target" // those of the last stage
		})
		if !slices.Equal(got, want) {
			t.Errorf("target %q: found %v, want %v", target, got, want)
		}
	}
}

// TestBuildArgs: the values that the build is given stand in place of the Dockerfile's own.
func TestBuildArgs(t *testing.T) {
	root := folder(t, map[string]string{"Dockerfile": "ARG BASE=scratch\n" + strings.ReplaceAll(strings.Replace(goodDockerfile, "kehuo/centos8_conda:nginx", "$BASE", 1),
		"COPY ./start.sh", "ARG SCRIPT=nowhere.sh\nCOPY ./$SCRIPT")})
	s := tutorialSite()
	if got := codes(examine(t, root, s)); !slices.Contains(got, "copy-missing") {
		t.Errorf("with the Dockerfile's own values, found %v", got)
	}
	s.Args = map[string]string{"BASE": "kehuo/centos8_conda:nginx", "SCRIPT": "start.sh", "HTTP_PROXY": "http://proxy.example"}
	if got := codes(examine(t, root, s)); len(got) > 0 {
		t.Errorf("with values for all, found %v", got)
	}
	s.Args["NPM_TOKEN"] = "x"
	if got := codes(examine(t, root, s)); !slices.Equal(got, []string{"build-arg-secret", "build-arg-unused"}) {
		t.Errorf("with a secret for an argument, found %v", got)
	}
	delete(s.Args, "NPM_TOKEN")
	s.Args["SCIRPT"] = "x"
	report := examine(t, root, s)
	if got := codes(report); !slices.Equal(got, []string{"build-arg-unused"}) {
		t.Errorf("a misspelt name is not told of: %v", got)
	}
	for _, p := range report.Problems {
		if p.Finding.Code == "site.build-arg-unused" && p.Finding.Severity != provision.SeverityWarning {
			t.Errorf("docker builds all the same, and it is of severity %s", p.Finding.Severity)
		}
	}
}
