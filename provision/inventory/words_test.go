package inventory

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every code of the package has words, and every key of the catalogue is used.
func TestCodesAndWordsAreTheSame(t *testing.T) {
	quoted := regexp.MustCompile(`"(inventory\.[a-z0-9.-]*[a-z0-9])"`)
	found := func(pattern string) map[string]bool {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		keys := map[string]bool{}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
				keys[m[1]] = true
			}
		}
		return keys
	}
	codes, words := found("*.go"), found("../language/en_inventory.go")
	codes["inventory.no-site"], codes["inventory.no-hosts"] = true, true // named after the row
	delete(codes, defaultFile)
	for code := range codes {
		if !words[code] {
			t.Errorf("%s has no words", code)
		}
	}
	for key := range words {
		if !codes[key] && !strings.HasPrefix(key, "inventory.field.") {
			t.Errorf("nothing says %s", key)
		}
	}
}
