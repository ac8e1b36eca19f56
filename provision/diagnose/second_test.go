package diagnose_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/language"
)

// verdict is an output with what a person would want to be told of it, by words rather than by the catalogue's codes: it was
// written down before anything was done for it. The README beside the outputs explains the form.
type verdict struct {
	name, expect        string
	says, not, evidence []*regexp.Regexp
	output              string
}

func secondCorpus(t testing.TB) []verdict {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "second", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var verdicts []verdict
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for part := range strings.SplitSeq("\n"+string(data), "\n=== ") {
			if part = strings.TrimSpace(part); part == "" {
				continue
			}
			head, output, ok := strings.Cut(part, "\n---\n")
			name, fields, _ := strings.Cut(head, "\n")
			if !ok {
				t.Fatalf("%s: %s has no line ---", file, name)
			}
			v := verdict{name: strings.TrimSuffix(filepath.Base(file), ".txt") + "/" + name, output: output}
			for line := range strings.SplitSeq(fields, "\n") {
				switch key, value, _ := strings.Cut(line, ": "); key {
				case "source":
				case "expect":
					v.expect = value
				case "says":
					v.says = append(v.says, regexp.MustCompile(value))
				case "not":
					v.not = append(v.not, regexp.MustCompile(value))
				case "evidence":
					v.evidence = append(v.evidence, regexp.MustCompile(value))
				default:
					t.Fatalf("%s: %q", v.name, line)
				}
			}
			verdicts = append(verdicts, v)
		}
	}
	return verdicts
}

// The file wrong lists what is not diagnosed rightly; a line that is no longer true has to go.
func TestSecondCorpus(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "second", "wrong"))
	if err != nil {
		t.Fatal(err)
	}
	wrong := strings.Fields(string(data))
	right := 0
	verdicts := secondCorpus(t)
	for _, v := range verdicts {
		english := diagnose.Text(v.output, "", language.English)
		problem := v.judge(english)
		if chinese := diagnose.Text(v.output, "", language.Chinese); problem == "" && !slices.Equal(codes(english), codes(chinese)) {
			problem = "another finding in Chinese"
		}
		switch listed := slices.Contains(wrong, v.name); {
		case problem == "" && listed:
			t.Errorf("%s is right now: take it off the list", v.name)
		case problem != "" && !listed:
			t.Errorf("%s: %s\n%+v", v.name, problem, english)
		case problem == "":
			right++
		}
	}
	if len(verdicts) != 100 {
		t.Errorf("%d outputs, want 100", len(verdicts))
	}
	t.Logf("%d of %d right", right, len(verdicts))
}

func codes(findings []provision.Finding) []string {
	var all []string
	for _, f := range findings {
		all = append(all, f.Code)
	}
	return all
}

// judge tells what is wrong with the findings; "" for nothing.
func (v verdict) judge(findings []provision.Finding) string {
	errors := slices.DeleteFunc(slices.Clone(findings), func(f provision.Finding) bool {
		return f.Severity != provision.SeverityError && f.Severity != provision.SeverityUnknown
	})
	if v.expect == "none" {
		if len(errors) > 0 {
			return "a failure is seen in healthy output"
		}
		return ""
	}
	if len(findings) == 0 {
		return "nothing is found"
	}
	first := findings[0]
	if unknown := first.Severity == provision.SeverityUnknown; unknown != (v.expect == "unknown") {
		return "not " + v.expect
	}
	for _, says := range v.says {
		if !says.MatchString(first.Cause + "\n" + first.Fix) {
			return "does not say " + says.String()
		}
	}
	for _, f := range errors {
		for _, not := range v.not {
			if not.MatchString(f.Cause + "\n" + f.Fix) {
				return "says " + not.String()
			}
		}
	}
	for _, evidence := range v.evidence {
		if !evidence.MatchString(first.Evidence) {
			return "the evidence is not " + evidence.String()
		}
	}
	return ""
}
