package inventory

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml"
)

// Private are the files in the folder of the inventory, and in the site's, that are nobody else's business: the inventory,
// those beside it for other environments, and the environment file of each. Such a file may be broken; what can be told of it
// counts.
func (inv *Inventory) Private() []string {
	private := []string{inv.File}
	if inv.Site.EnvironmentFile != "" {
		private = append(private, inv.Site.EnvironmentFile)
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

// defaultFile is the inventory's usual name; one that does not parse is still one.
const defaultFile = "inventory.yaml"

// largestInventory is more than any inventory has, in bytes; a larger file is something else.
const largestInventory = 1 << 20

// peek reports whether a file is an inventory, and which environment file it names.
func peek(file string) (environmentFiles []string, is bool) {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > largestInventory {
		return nil, false
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, false
	}
	var found struct {
		Site *struct {
			EnvironmentFile string `yaml:"environment_file"`
		}
		Hosts []any
	}
	if yaml.Unmarshal(text, &found) != nil || found.Site == nil || found.Hosts == nil {
		return nil, filepath.Base(file) == defaultFile
	}
	if found.Site.EnvironmentFile == "" {
		return nil, true
	}
	path, err := local(filepath.Dir(file), found.Site.EnvironmentFile)
	if err != nil {
		return nil, true
	}
	return []string{path}, true
}
