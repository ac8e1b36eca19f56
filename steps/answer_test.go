package steps

import (
	"errors"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
)

// What a visitor got stands in the one finding of a wrong answer, or in one more beside the cause that is known.
func TestWrongAnswerIsAFinding(t *testing.T) {
	words := language.New(language.English)
	wrong := &probe.MismatchError{
		Failure: provision.Fail("probe.status", "https://kevinhuo.cool/", 500, 200),
		Answer:  probe.Answer{Status: 500, Body: "<!DOCTYPE html>\n<html><head><title>Oops</title><style>a{}</style></head>\n<body><h1>Internal \x1b[31mError</h1>" + strings.Repeat("x", 999)},
	}
	err := provision.Fail("release.kept-old", "a", "b", provision.Fail("release.candidate-wrong", "10s", wrong))
	alone := withAnswer([]provision.Finding{{Code: "probe.status", Severity: provision.SeverityError}}, err, words)
	if len(alone) != 1 || !strings.HasPrefix(alone[0].Evidence, "Oops Internal ") || len(alone[0].Evidence) > pageShown+10 || alone[0].Fix == "" || strings.Contains(alone[0].Evidence, "\x1b") {
		t.Errorf("%+v", alone)
	}
	beside := withAnswer([]provision.Finding{{Code: "run.python-module", Evidence: "No module named flask"}}, err, words)
	if len(beside) != 2 || beside[1].Cause != "https://kevinhuo.cool/ answers 500 instead of 200" || beside[1].Severity != provision.SeverityInfo {
		t.Errorf("%+v", beside)
	}
	if other := withAnswer([]provision.Finding{{Code: "x"}}, errors.New("no answer"), words); len(other) != 1 {
		t.Errorf("%+v", other)
	}
}
