package lines_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/lines"
	"github.com/kehuo/provision/tui/theme"
)

func planned(t *testing.T, events ...provision.Event) string {
	t.Helper()
	var out bytes.Buffer
	p := lines.NewPlan(&out, language.New(language.English), theme.Plain())
	for _, e := range events {
		p.Emit(e)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestAPlanTellsEachProblemOnce(t *testing.T) {
	finding := provision.Finding{Severity: provision.SeverityError, Cause: "COPY stands before FROM.", Evidence: "COPY . .", Fix: "Move it."}
	err := errors.New("Dockerfile:3: COPY stands before FROM. Move it.\nDockerfile:7: COPY stands before FROM. Move it.\nand something else")
	got := planned(t, provision.Event{Host: "aliyun", Body: finding},
		provision.Event{Body: provision.PlanFinished{Hosts: map[string]provision.HostResult{"aliyun": {Err: err}}}})
	want := "ERROR: COPY stands before FROM.\n  evidence: COPY . .\n  fix: Move it.\n" +
		"aliyun could not be planned: Dockerfile:3, Dockerfile:7\nand something else\n" +
		"Could not be planned; nothing was changed\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAPlanThatIsNotCompleteSaysSo(t *testing.T) {
	f := provision.PlanFinished{Changes: []provision.Change{{}}, Hosts: map[string]provision.HostResult{
		"aliyun": {}, "tencent": {Err: errors.New("tencent refuses\nthe login, and says why at some length")}}}
	got := planned(t, provision.Event{Body: f})
	if want := "tencent could not be planned: tencent refuses\nthe login, and says why at some length\n" +
		"The rest could not be planned; 1 to change so far, nothing was changed\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := planned(t, provision.Event{Body: provision.PlanFinished{Err: errors.New("one\nand a longer line")}}); strings.Contains(got, " \n") {
		t.Errorf("%q is filled up with blanks", got)
	}
}

func TestAStationWithoutAnAnswerHasNoStatus(t *testing.T) {
	var out bytes.Buffer
	e := provision.Event{Time: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC), Host: "aliyun", Step: "11-site",
		Body: provision.SiteCheck{Vantage: provision.VantageHostHTTP, URL: "http://kevinhuo.cool/"}}
	for _, p := range []*lines.Printer{lines.NewPlain(&out, language.New(language.English), false), lines.NewLog(&out)} {
		p.Emit(e)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if want := "09:30:00 11-site from the host: GET http://kevinhuo.cool/ -> no answer\n" +
		"2026-03-01T09:30:00.000Z aliyun 11-site host-http: GET http://kevinhuo.cool/ had no answer\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
