package sanitize_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/kehuo/provision/tui/sanitize"
)

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
		if got := sanitize.Line(c.in); got != c.want {
			t.Errorf("%s: Line(%q) = %q, want %q", name, c.in, got, c.want)
		}
	}
}

func TestLinesKeepsLineFeeds(t *testing.T) {
	if got := sanitize.Lines("a\x1b[1m\r\nb\n"); got != "a\nb\n" {
		t.Errorf("got %q", got)
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\x1b[31mb")
	f.Add("\x1b]0;x\x07\xff\u202e")
	f.Fuzz(func(t *testing.T, in string) {
		got := sanitize.Line(in)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x1b\n\r\a\b\t\x7f\u009b") {
			t.Errorf("Line(%q) = %q", in, got)
		}
		if !sanitize.Safe(got) || sanitize.Line(got) != got {
			t.Errorf("Line(%q) = %q is not stable", in, got)
		}
	})
}
