package docker

import (
	"slices"
	"strings"
	"testing"
)

// TestRecipe: without options, argv and digest are what they were before there were any; with them, each changes the digest.
func TestRecipe(t *testing.T) {
	const tree = "0123456789abcdef"
	options := BuildOptions{Site: "myweb", Directory: "/srv/myweb", Tree: tree, Name: "i:server", ReleaseName: "i:0123456789ab", Lent: "/srv/.myweb.provision/lent"}
	plain := []string{"docker", "build", "--force-rm", "-t", "i:server", "-t", "i:0123456789ab", "--label", "io.provision.site=myweb",
		"--label", "io.provision.directory=/srv/myweb", "--label", "io.provision.image=i:server", "--label", "io.provision.tree=" + tree}
	if got := Build(options); !slices.Equal(got, append(slices.Clone(plain), ".")) {
		t.Errorf("without options: %q", got)
	}
	if got := (Recipe{}).Digest(tree); got != tree || (Recipe{}).Summary() != "" {
		t.Errorf("the digest of a tree without options is %s", got)
	}
	options.Recipe = Recipe{
		File: "docker/web", Context: "app", Target: "web", Args: map[string]string{"B": "2", "A": "1 $x"}, Secrets: []string{"npm"}, SSH: []string{"default"},
		Platform: "linux/arm64", Network: "host", CacheFrom: []string{"i:cache"}, Pull: true, NoCache: true,
	}
	want := append(plain, strings.Fields("-f docker/web --target web --build-arg")...)
	want = append(want, "A=1 $x", "--build-arg", "B=2")
	want = append(want, strings.Fields("--platform linux/arm64 --network host --cache-from i:cache "+
		"--secret id=npm,src=/srv/.myweb.provision/lent/secret-npm --ssh default=/srv/.myweb.provision/lent/ssh-default --pull --no-cache app")...)
	if got := Build(options); !slices.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
	seen := map[string]bool{tree: true}
	for _, r := range []Recipe{
		{File: "x"}, {Context: "x"}, {Target: "x"}, {Args: map[string]string{"A": "1"}}, {Args: map[string]string{"A": "2"}}, {Secrets: []string{"x"}},
		{SSH: []string{"x"}}, {Platform: "x"}, {Network: "x"}, {CacheFrom: []string{"x"}}, {Pull: true}, {NoCache: true},
	} {
		if d := r.Digest(tree); seen[d] || len(d) != 64 || r.Summary() == "" {
			t.Errorf("%+v has the digest %s and is told as %q", r, d, r.Summary())
		} else {
			seen[d] = true
		}
	}
}
