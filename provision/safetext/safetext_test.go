package safetext_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kehuo/provision/provision/safetext"
)

func TestClean(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":            {"Step 1/9 : FROM nginx\n\tdone\n", "Step 1/9 : FROM nginx\n\tdone\n"},
		"chinese":          {"构造镜像 🎉", "构造镜像 🎉"},
		"colour":           {"\x1b[31merror\x1b[0m", "error"},
		"title":            {"a\x1b]0;owned\x07b\x1b]0;owned\x1b\\c", "abc"},
		"title broken off": {"a\x1b]0;owned\x1b[1mb", "ab"},
		"unfinished":       {"a\x1b]0;owned", "a"},
		"charset":          {"a\x1b(0b", "ab"},
		"lone escape":      {"a\x1b", "a"},
		"C1":               {"a\u009b2Jb\u0085c", "abc"},
		"controls":         {"a\r\a\x7fb", "ab"},
		"invalid UTF-8":    {"a\xffb", "a\ufffdb"},
		"order of reading": {"a\u202eb\u2066c\u061cd\u200fe", "abcde"},
		"ends of lines":    {"a\u2028b\u2029c\ufeffd", "abcd"},
		"tags":             {"a\U000e0041b", "ab"},
	} {
		if got := safetext.Clean(c.in); got != c.want {
			t.Errorf("%s: Clean(%q) = %q, want %q", name, c.in, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x1b[31mb\n")
	f.Add("\x1b]0;x\x07\xff\u202e\u009b1m")
	f.Fuzz(func(t *testing.T, in string) {
		got := safetext.Clean(in)
		for _, r := range got {
			if safetext.Harmful(r) && r != '\n' && r != '\t' {
				t.Errorf("Clean(%q) = %q lets %U through", in, got, r)
			}
		}
		if !utf8.ValidString(got) || safetext.Clean(got) != got {
			t.Errorf("Clean(%q) = %q is not stable", in, got)
		}
	})
}

func FuzzEscapeJSON(f *testing.F) {
	f.Add("a \u202e\u0085\U000e0041\x7f\xff構造\n")
	f.Fuzz(func(t *testing.T, in string) {
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		escaped := safetext.EscapeJSON(text)
		for _, r := range string(escaped) {
			if safetext.Harmful(r) {
				t.Errorf("%q lets %U through", escaped, r)
			}
		}
		var before, after string
		if err := json.Unmarshal(text, &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(escaped, &after); err != nil || after != before {
			t.Errorf("%q means %q, want %q: %v", escaped, after, before, err)
		}
	})
}

func TestLine(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain":            {"Step 1/9 : FROM nginx", "Step 1/9 : FROM nginx"},
		"chinese":          {"构造镜像", "构造镜像"},
		"colour":           {"\x1b[31merror\x1b[0m", "error"},
		"cursor":           {"a\x1b[2J\x1b[1;1Hb", "ab"},
		"title by BEL":     {"a\x1b]0;owned\x07b", "ab"},
		"title by ST":      {"a\x1b]0;owned\x1b\\b", "ab"},
		"title unfinished": {"a\x1b]0;owned", "a"},
		"charset":          {"a\x1b(0b", "ab"},
		"reset":            {"a\x1bcb", "ab"},
		"lone escape":      {"a\x1b", "a"},
		"C1 CSI":           {"a\u009b2Jb", "ab"},
		"C1":               {"a\u0085b", "a\ufffdb"},
		"tab":              {"ab\tc", "ab      c"},
		"bell":             {"a\ab", "a\ufffdb"},
		"carriage return":  {"a\rb", "a\ufffdb"},
		"invalid UTF-8":    {"a\xffb", "a\ufffdb"},
		"bidi override":    {"a\u202eb", "a\ufffdb"},
		"replacement":      {"a\ufffdb", "a\ufffdb"},
		"emoji":            {"ok 🎉", "ok 🎉"},
	} {
		if got := safetext.Line(c.in); got != c.want {
			t.Errorf("%s: Line(%q) = %q, want %q", name, c.in, got, c.want)
		}
	}
}

func TestTextKeepsLineFeeds(t *testing.T) {
	if got := safetext.Text("a\x1b[1m\r\nb\n"); got != "a\nb\n" {
		t.Errorf("got %q", got)
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\x1b[31mb")
	f.Add("\x1b]0;x\x07\xff\u202e")
	f.Fuzz(func(t *testing.T, in string) {
		got := safetext.Line(in)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x1b\n\r\a\b\t\x7f\u009b") {
			t.Errorf("Line(%q) = %q", in, got)
		}
		if safetext.Line(got) != got {
			t.Errorf("Line(%q) = %q is not stable", in, got)
		}
	})
}

// byByte is what Prefix must answer.
func byByte(text string) int {
	for i := range len(text) {
		if text[i] < 0x20 || text[i] > 0x7e {
			return i
		}
	}
	return len(text)
}

func TestEveryByteAtEveryPlace(t *testing.T) {
	for length := range 27 {
		if text := strings.Repeat("~", length); safetext.Prefix(text) != length {
			t.Errorf("%q: %d", text, safetext.Prefix(text))
		}
		for at := range length {
			for b := range 256 {
				text := []byte(strings.Repeat(" ~aZ", 7)[:length])
				text[at] = byte(b)
				if got, want := safetext.Prefix(string(text)), byByte(string(text)); got != want {
					t.Fatalf("%q: %d, want %d", text, got, want)
				}
			}
		}
	}
}

func FuzzPrefix(f *testing.F) {
	f.Add("Step 1/9 : FROM \x1b[31mred\x7f 构造")
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := safetext.Prefix(text), byByte(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	})
}
