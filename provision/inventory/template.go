package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision/language"
)

// Template is the inventory as an inventory.yaml annotated in the language of words. Loaded from a file in inv.Dir it gives
// the same values. Paths within inv.Dir are written relative to it, and those within the home folder with ~/.
func Template(inv Inventory, words *language.Printer) []byte {
	t := &template{words: words, dir: inv.Dir}
	if home, err := os.UserHomeDir(); err == nil {
		t.home = home
	}
	for line := range strings.SplitSeq(words.T("inventory.about"), "\n") {
		t.out.WriteString("# " + line + "\n")
	}
	r := record{&inv, nil}
	for _, f := range below("") {
		switch f.path {
		case "site":
			t.out.WriteString(f.path + ":\n")
			t.fields("  ", "  ", below(f.path), r)
		case "hosts":
			t.out.WriteString(f.path + ":\n")
			for i := range inv.Hosts {
				r.Host = &inv.Hosts[i]
				t.fields("  - ", "    ", below(f.path+"[]"), r)
			}
		default:
			t.fields("", "", []field{f}, r)
		}
	}
	return t.out.Bytes()
}

// template collects the lines of the file.
type template struct {
	out       bytes.Buffer
	words     *language.Printer
	dir, home string
	inFlow    bool // within braces
}

// commentColumn is where the comments stand, counted in characters from 0.
const commentColumn = 36

// fields writes rows of the table, the first of them with an indentation of its own: it may have a dash.
func (t *template) fields(first, indent string, rows []field, r record) {
	for _, f := range rows {
		value, written := t.value(f, r)
		switch {
		case written:
			t.line(first, f, value)
			first = indent
		case f.example != "":
			t.line(indent+"# ", f, f.example)
		}
	}
}

// value is that of a field as YAML; not written where there is none.
func (t *template) value(f field, r record) (text string, written bool) {
	if !f.isMapping() {
		if f.absent != nil && f.absent(r) {
			return "", false
		}
		return f.write(t, r), true
	}
	outer := t.inFlow
	t.inFlow = true
	defer func() { t.inFlow = outer }()
	var fields []string
	for _, f := range below(f.path) {
		if value, written := t.value(f, r); written {
			fields = append(fields, f.name()+": "+value)
		}
	}
	return "{" + strings.Join(fields, ", ") + "}", len(fields) > 0
}

// line writes a field with what it means, beside its first line where it takes several.
func (t *template) line(prefix string, f field, value string) {
	value, more, several := strings.Cut(value, "\n")
	text := fmt.Sprintf("%-*s # %s\n", commentColumn-1, prefix+f.name()+": "+value, t.words.T("inventory.field."+f.path))
	if several {
		text += more + "\n"
	}
	t.out.WriteString(text)
}

// path is a path of this machine as it is written.
func (t *template) path(name string) string { return t.scalar(t.near(name)) }

// near is a path relative to the file's folder or to the home folder, where it lies within one of them.
func (t *template) near(name string) string {
	if !filepath.IsAbs(name) {
		return name
	}
	if rel, err := filepath.Rel(t.dir, name); err == nil && t.dir != "" && filepath.IsLocal(rel) {
		if rel == "." {
			return "."
		}
		return "./" + filepath.ToSlash(rel)
	}
	if rel, err := filepath.Rel(t.home, name); err == nil && t.home != "" && filepath.IsLocal(rel) && rel != "." {
		return "~/" + filepath.ToSlash(rel)
	}
	return name
}

// scalar is a text as YAML, within braces too, where a plain text may not have what ends it there.
func (t *template) scalar(text string) string {
	if t.inFlow && text != "/" {
		return quoted(text)
	}
	return scalar(text)
}

// scalar is a text as YAML: plain where no reader could take it for anything else, quoted otherwise.
func scalar(text string) string {
	plain := text != "" && foreign(text, nameSymbols+"/~:@+") == "" && !strings.HasSuffix(text, ":") &&
		(strings.Contains(letters+"/~", text[:1]) || strings.HasPrefix(text, "./")) && text != "~"
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		plain = text == "no" // a restart policy; YAML 1.2 reads it as text
	}
	if plain {
		return text
	}
	return quoted(text)
}

// quoted is a text in double quotes. JSON's escapes are YAML's.
func quoted(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return strconv.Quote(text) // cannot be: a string always encodes
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func list(items []string) string {
	parts := make([]string, len(items))
	for i, item := range items {
		parts[i] = quoted(item)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
