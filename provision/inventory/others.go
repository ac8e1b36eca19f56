package inventory

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// defaultFile is the inventory's usual name; one that does not parse is still one.
const defaultFile = "inventory.yaml"

// Private are the files in the folder of the inventory, and in the site's, that are nobody else's business: the inventory,
// those beside it for other environments, the environment file of each and what its builds are lent. Such a file may be broken; what can be told of it
// counts.
func (inv *Inventory) Private() []string {
	private := append([]string{inv.File}, inv.Site.Build.Private()...)
	if inv.Site.EnvironmentFile != "" {
		private = append(private, inv.Site.EnvironmentFile)
	}
	if inv.Site.ACME.DNS.Credentials != "" {
		private = append(private, inv.Site.ACME.DNS.Credentials)
	}
	for _, folder := range slices.Compact([]string{inv.Dir, inv.Site.Source}) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue // whoever needs the folder says what is wrong with it
		}
		for _, entry := range entries {
			file := filepath.Join(folder, entry.Name())
			if extension := filepath.Ext(file); extension != ".yaml" && extension != ".yml" {
				continue
			}
			if secrets, is := peek(file); is {
				private = append(append(private, file), secrets...)
			}
		}
	}
	return private
}

// startSize is how much of a YAML file must show that it is an inventory, in bytes.
const startSize = 64 << 10

// peek reports whether a file is an inventory, and which files with secrets it names. Only what looks like one is read whole.
func peek(path string) (secrets []string, is bool) {
	byName := filepath.Base(path) == defaultFile
	file, err := openFile(path)
	if err != nil {
		return nil, false
	}
	defer func() { _ = file.Close() }() // it is only read
	start, err := io.ReadAll(io.LimitReader(file, startSize))
	if err != nil || !regexp.MustCompile(`(?m)^[-{?"'! \t]{0,8}(?:site|hosts)\b`).Match(start) {
		return nil, byName
	}
	rest, err := io.ReadAll(io.LimitReader(file, maxSize+1-int64(len(start))))
	content := append(start, rest...)
	if err != nil || len(content) > maxSize {
		return nil, byName
	}
	d := newDecoder(path, filepath.Dir(path), content)
	body, err := d.parse(content)
	if err != nil {
		return nil, byName
	}
	top := d.keys(body)
	_, hosts := d.resolve(top["hosts"]).(*ast.SequenceNode)
	site := d.keys(top["site"])
	if !hosts || site == nil {
		return nil, byName
	}
	named := []ast.Node{site["environment_file"]}
	build := d.keys(site["build"])
	for _, field := range []string{"secrets", "ssh"} {
		named = slices.AppendSeq(named, maps.Values(d.keys(build[field])))
	}
	for _, n := range named {
		name, _ := d.resolve(n).(*ast.StringNode)
		if name == nil || name.Value == "" {
			continue
		}
		if file, err := local(d.dir, name.Value); err == nil {
			secrets = append(secrets, file)
		}
	}
	return secrets, true
}

// keys are the values of a mapping; nil where the node is none.
func (d *decoder) keys(n ast.Node) map[string]ast.Node {
	entries, ok := d.entries(n, "")
	if !ok {
		return nil
	}
	values := make(map[string]ast.Node, len(entries))
	for _, e := range entries {
		values[e.name] = e.value
	}
	return values
}
