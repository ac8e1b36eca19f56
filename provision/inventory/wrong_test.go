package inventory

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

var update = flag.Bool("update", false, "write testdata/wrong.golden anew")

// The cases of testdata/wrong.txt are separated by lines of dashes. One that has no "hosts:" replaces the line of the
// tutorial's inventory that has the same key, or is added to it below site:.
func TestWrong(t *testing.T) {
	t.Setenv("HOME", "/nonexistent")
	cases, err := os.ReadFile("testdata/wrong.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	seen := map[string]bool{}
	for text := range strings.SplitSeq(string(cases), "----\n") {
		if seen[text] {
			t.Errorf("twice: %s", text)
		}
		seen[text] = true
		got.WriteString(text + ">>>>\n" + failure(t, whole(text)) + "\n----\n")
	}
	if len(seen) < 60 {
		t.Errorf("only %d cases", len(seen))
	}
	if *update {
		if err := os.WriteFile("testdata/wrong.golden", []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/wrong.golden")
	if err != nil {
		t.Fatal(err)
	}
	gotParts, wantParts := strings.Split(got.String(), "----\n"), strings.Split(string(want), "----\n")
	for i := range max(len(gotParts), len(wantParts)) {
		if i >= len(gotParts) || i >= len(wantParts) || gotParts[i] != wantParts[i] {
			t.Fatalf("case %d differs (run the test with -update after a wanted change):\n%s\nwant\n%s", i+1, strings.Join(gotParts[i:min(i+1, len(gotParts))], ""), strings.Join(wantParts[i:min(i+1, len(wantParts))], ""))
		}
	}
}

// whole is the inventory of a case.
func whole(text string) string {
	if strings.Contains(text, "hosts:") || strings.Contains(text, "WHOLE\n") {
		return strings.ReplaceAll(strings.ReplaceAll(text, "WHOLE\n", ""), `\t`, "\t")
	}
	name, _, _ := strings.Cut(strings.TrimSpace(text), ":")
	var out strings.Builder
	replaced := false
	for line := range strings.SplitAfterSeq(contract, "\n") {
		key, _, _ := strings.Cut(strings.TrimLeft(line, " -"), ":")
		switch {
		case key == name && !replaced:
			out.WriteString(text)
			replaced = true
		case strings.HasPrefix(line, "hosts:") && !replaced:
			out.WriteString(text + line)
			replaced = true
		default:
			out.WriteString(line)
		}
	}
	return out.String()
}

// failure is the error that loading gives, checked for what all of them have in common.
func failure(t *testing.T, text string) string {
	t.Helper()
	path := siteFolder(t)
	dir := filepath.Dir(path)
	inv, err := loadFrom(t, path, text)
	if err == nil {
		t.Errorf("loads: %+v\n%s", inv.Site, text)
		return "no error"
	}
	if provision.ExitCode(err) != provision.ExitUsage {
		t.Errorf("exit status %d for %v", provision.ExitCode(err), err)
	}
	at := placed(t, err)
	if lines := strings.Split(text, "\n"); at.line > len(lines) || at.column > len([]rune(lines[at.line-1]))+1 {
		t.Errorf("%d:%d is outside of the file", at.line, at.column)
	}
	if words := english(at.what); !strings.ContainsAny(words, ";?") {
		t.Errorf("does not say what to do: %s", words)
	}
	if words := inChinese.Error(err); strings.Contains(words, "inventory.") && !strings.Contains(words, "inventory.yaml:") || !strings.ContainsAny(words, "；？") {
		t.Errorf("is not in Chinese: %s", words)
	}
	return strings.ReplaceAll(english(err), dir+"/", "")
}

// placed is the first of the failures in err that has a place.
func placed(t *testing.T, err error) problem {
	t.Helper()
	var f *provision.Failure
	if !errors.As(err, &f) || f.Code != "inventory.at" || len(f.Values) != 5 {
		t.Fatalf("has no place: %v", err)
	}
	return problem{position{f.Values[1].(int), f.Values[2].(int)}, f.Values[3].(*provision.Failure)}
}

var (
	inEnglish = language.New(language.English)
	inChinese = language.New(language.Chinese)
)

func english(err error) string { return inEnglish.Error(err) }

// All that is wrong is told at once, up to a number that a person can take in.
func TestTenProblemsAreShown(t *testing.T) {
	_, err := load(t, "site:\n"+strings.Repeat("  x: 1\n", 15)+"hosts: [{address: a}]\n")
	if err == nil || strings.Count(english(err), "inventory.yaml:") != 10 || !strings.HasSuffix(english(err), "\nand 5 more like these") {
		t.Errorf("it says %v", err)
	}
}

func TestFileErrors(t *testing.T) {
	dir := t.TempDir()
	large := filepath.Join(dir, "large.yaml")
	if err := os.WriteFile(large, make([]byte, maxSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(filepath.Join(dir, "none.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an inventory that is not there: %v", err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none.yaml"): "provision sandbox up",
		dir:                             "is a folder",
		large:                           "more than",
	} {
		_, err := Load(path)
		if err == nil || !strings.Contains(english(err), want) || provision.ExitCode(err) != provision.ExitUsage {
			t.Errorf("%s: %v, want one with %q and the exit status of usage", path, err, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for text, want := range map[string]string{
		"\xef\xbb\xbfsite:\n":           "byte order mark",
		"\xff\xfes\x00i\x00":            "UTF-16",
		"site:\n  name: a\xff\n":        "not UTF-8",
		"site:\n  name: a\x00\n":        "control character",
		"site: {}\r\nhosts:\r\n\t- a\r": "tab",
	} {
		if got := failure(t, text); !strings.Contains(got, want) {
			t.Errorf("%q: %s", text, got)
		}
	}
	if _, err := load(t, strings.ReplaceAll(contract, "\n", "\r\n")); err != nil {
		t.Errorf("an inventory with Windows line ends: %v", err)
	}
}

func TestLimit(t *testing.T) {
	inv, err := load(t, "site:\nhosts:\n- {name: web-1, address: a, labels: {region: north}}\n- {name: web-2, address: b, labels: {region: south, tier: web}}\n")
	if err != nil {
		t.Fatal(err)
	}
	if hosts, err := inv.Limit([]string{"web-2"}); err != nil || len(hosts) != 1 || hosts[0].Address != "b" {
		t.Errorf("Limit(web-2) is %v, %v", hosts, err)
	}
	if hosts, err := inv.Limit(nil); err != nil || len(hosts) != 2 {
		t.Errorf("Limit() is %v, %v", hosts, err)
	}
	if hosts, err := inv.Limit([]string{"region=south", "web-1"}); err != nil || len(hosts) != 2 || hosts[0].Address != "a" {
		t.Errorf("Limit(region=south, web-1) is %v, %v", hosts, err)
	}
	if _, err = inv.Limit([]string{"region=noth"}); err == nil || !strings.Contains(english(err), `did you mean "region=north"`) {
		t.Errorf("Limit(region=noth): %v", err)
	}
	_, err = inv.Limit([]string{"wep-1"})
	if err == nil || !strings.Contains(english(err), `did you mean "web-1"`) || provision.ExitCode(err) != provision.ExitUsage {
		t.Errorf("Limit(wep-1): %v", err)
	}
}
