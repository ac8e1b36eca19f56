package inventory

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// FuzzParse checks that no file ends the program, that every error lies in the file, and that what loads is written and
// loaded again as it was.
func FuzzParse(f *testing.F) {
	cases, err := os.ReadFile("testdata/wrong.txt")
	if err != nil {
		f.Fatal(err)
	}
	for text := range strings.SplitSeq(string(cases), "----\n") {
		f.Add(whole(text))
	}
	f.Add("site: &a {name: *a}\nhosts: &b [*b]\n")
	f.Add("site: !!map {}\nhosts: [{address: !!str 1, port: 0x16}]\n")
	f.Add("? site\n: {}\n? hosts\n: - address: a\n")
	f.Add("site:\n  command: |\n    bash ./start.sh\n  health: {path: /, timeout: 1m30s}\nhosts:\n- address: a\n")
	dir := f.TempDir()
	for _, name := range []string{"site/ssl_files", "site/resource"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			f.Fatal(err)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		inv, err := Parse("inventory.yaml", dir, []byte(text))
		if err != nil {
			at := placed(t, err)
			if at.line < 1 || at.column < 1 || at.line > strings.Count(text, "\n")+1 {
				t.Fatalf("%#v", err)
			}
			if words := english(err); strings.ContainsRune(words, 0x1b) || len(words) > 40*maxQuoted*maxShown {
				t.Fatalf("a control character, or too much, in %q", words)
			}
			return
		}
		again, err := Parse("inventory.yaml", dir, annotated(*inv))
		if err != nil {
			t.Fatalf("%v\n%s", err, annotated(*inv))
		}
		if !reflect.DeepEqual(normal(again), normal(inv)) {
			t.Fatalf("%+v\nwas %+v\nby\n%s", again, inv, annotated(*inv))
		}
	})
}

// normal is an inventory without what a file may have in several ways that mean the same.
func normal(inv *Inventory) Inventory {
	n := Inventory{Site: inv.Site, Hosts: inv.Hosts}
	for _, list := range []*[]string{&n.Site.Command, &n.Site.Volumes, &n.Site.Options, &n.Site.Upload} {
		if len(*list) == 0 {
			*list = nil
		}
	}
	return n
}
