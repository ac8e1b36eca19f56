package diagnose_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/language"
)

// sample is one output of the corpus: a header of "# source:" (how it came about), "# expect:" (the code that comes first,
// "unknown" or "none", with further codes that may follow), and after "# ---" the output as it was.
type sample struct {
	place, name string
	source      string
	expect      string
	also        []string
	output      string
}

func (s sample) healthy() bool { return s.expect == "none" }

func corpus(t testing.TB) []sample {
	t.Helper()
	var samples []sample
	err := filepath.WalkDir(filepath.Join("testdata", "corpus"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		head, output, ok := strings.Cut(string(data), "# ---\n")
		if !ok {
			t.Fatalf("%s has no line # ---", path)
		}
		s := sample{place: filepath.Base(filepath.Dir(path)), name: strings.TrimSuffix(filepath.Base(path), ".txt"), output: output}
		for line := range strings.Lines(head) {
			key, value, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "# "), ": ")
			switch key {
			case "source":
				s.source = value
			case "expect":
				codes := strings.Fields(strings.ReplaceAll(value, ",", " "))
				s.expect, s.also = codes[0], codes[1:]
			}
		}
		if s.source == "" || s.expect == "" {
			t.Fatalf("%s: source or expect is missing", path)
		}
		samples = append(samples, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return samples
}

func TestCorpusIsNamed(t *testing.T) {
	for _, s := range corpus(t) {
		t.Run(s.place+"/"+s.name, func(t *testing.T) {
			check(t, s, diagnose.Text(s.output, "", language.English))
			if !s.healthy() {
				check(t, s, diagnose.Text(s.output, place(s), language.Chinese))
			}
		})
	}
}

func TestEveryEntryHasAnOutput(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range corpus(t) {
		for _, f := range diagnose.Text(s.output, place(s), language.English) {
			seen[f.Code] = true
		}
	}
	for _, v := range secondCorpus(t) {
		for _, f := range diagnose.Text(v.output, "", language.English) {
			seen[f.Code] = true
		}
	}
	for _, code := range diagnose.Patterned() {
		if !seen[code] {
			t.Errorf("no output of the corpus is found to be %s", code)
		}
	}
}

func place(s sample) diagnose.Where {
	if s.place == "healthy" || s.place == "unknown" || s.place == "wordings" {
		return ""
	}
	return diagnose.Where(s.place)
}

func check(t *testing.T, s sample, findings []provision.Finding) {
	t.Helper()
	if s.healthy() {
		for _, f := range findings {
			t.Errorf("healthy output, but %s %s: %s\n  evidence %q", f.Severity, f.Code, f.Cause, f.Evidence)
		}
		return
	}
	if len(findings) == 0 {
		t.Fatalf("nothing found, want %s", s.expect)
	}
	if got := name(findings[0]); got != s.expect {
		t.Errorf("first is %s, want %s\n  evidence %q", got, s.expect, findings[0].Evidence)
	}
	for _, f := range findings[1:] {
		if f.Severity == provision.SeverityError && f.Code != s.expect && !contains(s.also, f.Code) {
			t.Errorf("%s is wrong beside %s\n  evidence %q", f.Code, s.expect, f.Evidence)
		}
	}
	for _, f := range findings {
		if f.Cause == "" || f.Fix == "" || f.Evidence == "" || unfilled.MatchString(f.Cause+f.Fix) {
			t.Errorf("not complete: %+v", f)
		}
	}
}

// unfilled is a name in braces that nothing was caught for.
var unfilled = regexp.MustCompile(`\{[a-z]+[|}]`)

func name(f provision.Finding) string {
	if f.Severity == provision.SeverityUnknown {
		return "unknown"
	}
	return f.Code
}

func contains(list []string, s string) bool {
	for _, item := range list {
		if item == s {
			return true
		}
	}
	return false
}
