package inventory

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzReadEnvironment checks that a file that is read can be written and read again as it was, and that no error shows a value.
func FuzzReadEnvironment(f *testing.F) {
	const secret = "hunter2hunter2"
	f.Add("A=1\n# comment\n\nB= two words \r\nA=3\n")
	f.Add("export TOKEN=" + secret + "\n")
	f.Add(secret + "\n")
	f.Add("=" + secret + "\nÄ=" + secret + "\nA B=" + secret)
	f.Add("\xef\xbb\xbfA=\xff" + secret)
	f.Add("A=" + strings.Repeat(secret, 5000))
	file := filepath.Join(f.TempDir(), ".env")
	f.Fuzz(func(t *testing.T, text string) {
		must := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		must(os.WriteFile(file, []byte(text), 0o600))
		values, err := ReadEnvironment(file)
		if err != nil {
			if words := english(err); strings.Contains(words, secret) || len(words) > 1000 {
				t.Fatalf("the error %q", words)
			}
			return
		}
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if name == "" || strings.ContainsAny(name, "= \t\n\x00") || strings.ContainsAny(values[name].Reveal(), "\n\x00") {
				t.Fatalf("%q is %q", name, values[name].Reveal())
			}
			b.WriteString(name + "=" + values[name].Reveal() + "\r\n")
		}
		must(os.WriteFile(file, []byte(b.String()), 0o600))
		again, err := ReadEnvironment(file)
		must(err)
		if len(again) != len(values) {
			t.Fatalf("%q is read as %d values", b.String(), len(again))
		}
		for name, value := range values {
			if again[name].Reveal() != value.Reveal() {
				t.Fatalf("%s is %q, and was %q", name, again[name].Reveal(), value.Reveal())
			}
		}
	})
}
