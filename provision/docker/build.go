package docker

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
)

// Recipe is how an image is built from a folder, where that is not `docker build .`.
type Recipe struct {
	File      string            `json:"file,omitempty"`    // the Dockerfile; empty: Dockerfile
	Context   string            `json:"context,omitempty"` // empty: the folder itself
	Target    string            `json:"target,omitempty"`
	Args      map[string]string `json:"args,omitempty"`
	Secrets   []string          `json:"secrets,omitempty"` // ids, each a file of that name in the folder of secrets
	SSH       []string          `json:"ssh,omitempty"`     // likewise, of private keys
	Platform  string            `json:"platform,omitempty"`
	Network   string            `json:"network,omitempty"`
	CacheFrom []string          `json:"cache_from,omitempty"`
	Pull      bool              `json:"pull,omitempty"`
	NoCache   bool              `json:"no_cache,omitempty"`
}

// Digest identifies what a recipe makes of a tree of files; without options it is the tree's own. What is in a secret is no part of
// it: neither is it of what keys BuildKit's cache, and a label would let anybody try values against it.
func (r Recipe) Digest(tree string) string {
	text, err := json.Marshal(r) // map keys come sorted
	if err != nil {
		panic(err) // strings, truths and maps of strings always marshal
	}
	if string(text) == "{}" {
		return tree
	}
	sum := sha256.Sum256([]byte(tree + "\n" + string(text)))
	return hex.EncodeToString(sum[:])
}

// Summary is the recipe in lines as a diff has them, secrets and keys by their ids; empty for `docker build .`.
func (r Recipe) Summary() string {
	var d difference
	d.add("+", "file", r.File)
	d.add("+", "context", r.Context)
	d.add("+", "target", r.Target)
	for _, name := range slices.Sorted(maps.Keys(r.Args)) {
		d.add("+", "args", name+"="+r.Args[name])
	}
	d.add("+", "secrets", r.Secrets...)
	d.add("+", "ssh", r.SSH...)
	d.add("+", "platform", r.Platform)
	d.add("+", "network", r.Network)
	d.add("+", "cache_from", r.CacheFrom...)
	for _, set := range []struct {
		name string
		set  bool
	}{{"pull", r.Pull}, {"no_cache", r.NoCache}} {
		if set.set {
			d.add("+", set.name, "true")
		}
	}
	return d.String()
}

// BuildOptions say what an image is built for.
type BuildOptions struct {
	Site, Directory string // the site's name, and where it lives on the host
	Tree            string // what identifies the files there and the recipe
	Name            string // the image's name
	ReleaseName     string // the name that it keeps when Name goes to the next one
	Recipe          Recipe
	Lent            string // the folder on the host with the recipe's secrets and keys
	ReleaseOnly     bool   // the engine that builds does not run the site: Name is not given there
}

// Build builds the site's folder, in which the command is run. The labels come last among the layers, so that they cost no
// cache.
func Build(o BuildOptions) []string {
	argv := []string{"docker", "build", "--force-rm"}
	if !o.ReleaseOnly {
		argv = append(argv, "-t", o.Name)
	}
	argv = append(argv, "-t", o.ReleaseName, "--label", LabelSite+"="+o.Site, "--label", LabelDirectory+"="+o.Directory, "--label", LabelImage+"="+o.Name,
		"--label", LabelTree+"="+o.Tree)
	return append(append(argv, o.Recipe.options(o.Lent)...), cmp.Or(o.Recipe.Context, "."))
}

// options are those of docker build, the ones that the old builder knows too first.
func (r Recipe) options(lent string) []string {
	var argv []string
	add := func(option, value string) {
		if value != "" {
			argv = append(argv, option, value)
		}
	}
	add("-f", r.File)
	add("--target", r.Target)
	for _, name := range slices.Sorted(maps.Keys(r.Args)) {
		add("--build-arg", name+"="+r.Args[name])
	}
	add("--platform", r.Platform)
	add("--network", r.Network)
	for _, image := range r.CacheFrom {
		add("--cache-from", image)
	}
	for _, id := range r.Secrets {
		add("--secret", "id="+id+","+csvField("src="+lent+"/secret-"+id))
	}
	for _, id := range r.SSH {
		add("--ssh", id+"="+lent+"/ssh-"+id)
	}
	if r.Pull {
		argv = append(argv, "--pull")
	}
	if r.NoCache {
		argv = append(argv, "--no-cache")
	}
	return argv
}
