package lines_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/lines"
	"github.com/kehuo/provision/tui/theme"
)

var update = flag.Bool("update", false, "write the golden files anew")

var start = time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC)

// story is a run with one event of every kind.
func story() []provision.Event {
	at := start
	var events []provision.Event
	add := func(host, step string, body provision.Body) {
		events = append(events, provision.Event{Time: at, Host: host, Step: step, Body: body})
		at = at.Add(300 * time.Millisecond)
	}
	changes := []provision.Change{{Host: "aliyun", Step: "06-files", Action: "upload 2 files", Reason: "the host has others",
		Diff: "+ app.py\n~ start.sh (mode 644 -> 755)\n"}}
	add("", "", provision.RunStarted{Site: "myweb", Hosts: []string{"aliyun"}, Steps: []string{"01-login", "06-files"}})
	add("aliyun", "01-login", provision.StepStarted{Title: "Log in"})
	add("aliyun", "01-login", provision.DecisionAsked{Kind: provision.DecideHostKey, Question: "Trust this key?"})
	add("aliyun", "01-login", provision.DecisionMade{Kind: provision.DecideHostKey, Answer: "yes"})
	add("aliyun", "01-login", provision.StepFinished{Status: provision.StatusOK, Duration: 840 * time.Millisecond})
	add("aliyun", "", provision.PlanReady{Changes: changes})
	add("aliyun", "06-files", provision.StepStarted{Title: "Upload files"})
	add("aliyun", "06-files", provision.StepCommand{Command: "mkdir -p /home/kevin/dev/myweb\nchmod 755 /home/kevin/dev/myweb"})
	add("aliyun", "06-files", provision.StepProgress{Done: 10, Total: 4_100_000, Unit: provision.UnitBytes, Detail: "app.py"})
	add("aliyun", "06-files", provision.StepProgress{Done: 11, Total: 4_100_000, Unit: provision.UnitBytes, Detail: "app.py"})
	add("aliyun", "06-files", provision.StepProgress{Done: 4_100_000, Total: 4_100_000, Unit: provision.UnitBytes})
	add("aliyun", "06-files", provision.StepOutput{Stream: provision.StreamErr, Text: "sftp: \x1b[2Jfailure"})
	add("aliyun", "06-files", provision.Finding{Severity: provision.SeverityError, Code: "sftp.full", Cause: "The disk is full.",
		Evidence: "sftp: failure\n/dev/vda1 100%", Fix: "Free some space."})
	add("aliyun", "06-files", provision.StepFinished{Status: provision.StatusFailed, Duration: 2 * time.Second,
		Err: errors.New("uploading app.py to aliyun failed: no space left; free some space")})
	add("aliyun", "07-build", provision.StepFinished{Status: provision.StatusSkipped})
	add("aliyun", "11-site", provision.SiteCheck{Vantage: provision.VantageHTTPS, URL: "https://kevinhuo.cool/", Status: 200,
		Server: "nginx/1.14.1", CertificateDays: 87, Duration: 12 * time.Millisecond})
	add("", "", provision.RunFinished{Changed: 1, ExitCode: 1, Duration: 3 * time.Second, Hosts: map[string]provision.HostResult{
		"aliyun": {Changed: 1, Status: provision.StatusFailed, Err: errors.New("no space left")}}})
	add("", "", provision.PlanFinished{Changes: changes})
	return events
}

// english has the words that tests look for, so that these may be reworded.
var english = language.New(language.English)

func toJSON(w io.Writer) *lines.Printer { return lines.NewJSON(w, english) }

func TestGolden(t *testing.T) {
	for name, printer := range map[string]func(io.Writer) *lines.Printer{
		"plain-en":      func(w io.Writer) *lines.Printer { return lines.NewPlain(w, english, false) },
		"plain-zh":      func(w io.Writer) *lines.Printer { return lines.NewPlain(w, language.New(language.Chinese), false) },
		"plain-verbose": func(w io.Writer) *lines.Printer { return lines.NewPlain(w, english, true) },
		"plain-keys":    func(w io.Writer) *lines.Printer { return lines.NewPlain(w, language.Keys(), false) },
		"plan-keys":     func(w io.Writer) *lines.Printer { return lines.NewPlan(w, language.Keys(), theme.Plain()) },
		"plan": func(w io.Writer) *lines.Printer {
			return lines.NewPlan(w, english, theme.Plain())
		},
		"json": toJSON,
		"log":  lines.NewLog,
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			p := printer(&out)
			for _, e := range story() {
				p.Emit(e)
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(out.Bytes(), want) {
				t.Errorf("differs from %s (-update writes it anew):\n%s", file, out.Bytes())
			}
		})
	}
}

func TestJSONIsWhatTheEventMarshals(t *testing.T) {
	for _, text := range []string{"", "plain", `quo"te \ back`, "构造\u2028", "a\x01b\x7f", "<tag> & more", "broken \xff"} {
		e := provision.Event{Time: start.Add(123456789), Host: `we"ird`, Step: "07-build",
			Body: provision.StepOutput{Stream: provision.StreamErr, Text: text}}
		var out bytes.Buffer
		p := toJSON(&out)
		p.Emit(e)
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
		var got, want map[string]any
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatalf("%q: %v in %s", text, err, out.Bytes())
		}
		marshalled, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(marshalled, &want); err != nil {
			t.Fatal(err)
		}
		for key, value := range want {
			if got[key] != value {
				t.Errorf("%q: %s is %q, want %q", text, key, got[key], value)
			}
		}
	}
}

func TestLinesThatCameTogetherAreLinesOfTheirOwn(t *testing.T) {
	for name, printer := range map[string]func(io.Writer) *lines.Printer{
		"plain": func(w io.Writer) *lines.Printer { return lines.NewPlain(w, english, false) },
		"json":  toJSON,
		"log":   lines.NewLog,
	} {
		write := func(texts ...string) string {
			var out bytes.Buffer
			p := printer(&out)
			for _, text := range texts {
				p.Emit(provision.Event{Time: start, Host: "aliyun", Step: "07-build", Body: provision.StepOutput{Stream: provision.StreamOut, Text: text}})
			}
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			return out.String()
		}
		if got, want := write("one\n\n\x1b[1mtwo\n"+strings.Repeat("x", 100_000), ""), write("one", "", "\x1b[1mtwo", strings.Repeat("x", 100_000), ""); got != want {
			t.Errorf("%s: got %.300q, want %.300q", name, got, want)
		}
	}
}

func TestPlainNamesTheHostWhenThereAreSeveral(t *testing.T) {
	var out bytes.Buffer
	p := lines.NewPlain(&out, english, false)
	p.Emit(provision.Event{Time: start, Body: provision.RunStarted{Site: "myweb", Hosts: []string{"one", "two"}}})
	p.Emit(provision.Event{Time: start, Host: "two", Step: "07-build", Body: provision.StepOutput{Text: "Step 1/9"}})
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if want := "09:30:00 two 07-build | Step 1/9\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("got %q, want it to end in %q", out.String(), want)
	}
}

// announcing tells of every write.
type announcing chan string

func (a announcing) Write(b []byte) (int, error) {
	a <- string(b)
	return len(b), nil
}

func TestOutputIsWrittenSoonAndTheRestAtOnce(t *testing.T) {
	written := make(announcing, 10)
	p := lines.NewPlain(written, english, false)
	p.Emit(provision.Event{Time: start, Body: provision.StepOutput{Text: "one"}})
	p.Emit(provision.Event{Time: start, Body: provision.StepOutput{Text: "two"}})
	select {
	case got := <-written:
		if got != "09:30:00 | one\n09:30:00 | two\n" {
			t.Errorf("lines of output were not written together: %q", got)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("output stays in the buffer")
	}
	p.Emit(provision.Event{Time: start, Step: "01-login", Body: provision.StepFinished{Status: provision.StatusOK}})
	if len(written) != 1 {
		t.Error("the end of a step stays in the buffer")
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestCloseTellsThatWritingFailed(t *testing.T) {
	p := lines.NewLog(full{})
	p.Emit(provision.Event{Time: start, Body: provision.StepOutput{Text: "one"}})
	if err := p.Close(); err == nil {
		t.Error("Close returned nil")
	}
}

func BenchmarkOutput(b *testing.B) {
	text := strings.Repeat("x", 99)
	for name, p := range map[string]*lines.Printer{
		"plain": lines.NewPlain(io.Discard, english, false),
		"json":  toJSON(io.Discard),
		"log":   lines.NewLog(io.Discard),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text) + 1))
			b.ReportAllocs()
			at := start
			for b.Loop() {
				at = at.Add(10 * time.Microsecond)
				p.Emit(provision.Event{Time: at, Host: "aliyun", Step: "07-build", Body: provision.StepOutput{Stream: "stdout", Text: text}})
			}
		})
	}
}

func TestAFailureIsPutIntoWords(t *testing.T) {
	failure := provision.Fail("prompt.unreadable", errors.New("EIO"))
	hosts := map[string]provision.HostResult{"aliyun": {Status: provision.StatusFailed, Err: failure}}
	for name, c := range map[string]struct {
		printer func(io.Writer) *lines.Printer
		want    string
	}{
		"plain": {func(w io.Writer) *lines.Printer { return lines.NewPlain(w, language.New(language.Chinese), false) }, "无法读取终端：EIO"},
		"plan": {func(w io.Writer) *lines.Printer {
			return lines.NewPlan(w, language.New(language.Chinese), theme.Plain())
		}, "无法读取终端：EIO"},
		"json": {func(w io.Writer) *lines.Printer { return lines.NewJSON(w, language.New(language.Chinese)) }, `"error":"无法读取终端：EIO"`},
		"log":  {lines.NewLog, "the terminal cannot be read: EIO"},
	} {
		bodies := []provision.Body{provision.StepFinished{Status: provision.StatusFailed, Err: failure},
			provision.RunFinished{Hosts: hosts}, provision.PlanFinished{Hosts: hosts}}
		if name == "json" || name == "plan" {
			bodies = append(bodies, provision.PlanFinished{Err: failure})
		}
		for _, body := range bodies {
			var out bytes.Buffer
			p := c.printer(&out)
			p.Emit(provision.Event{Time: start, Host: "aliyun", Step: "07-build", Body: body})
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(out.String(), failure.Code) || out.Len() > 0 && !strings.Contains(out.String(), c.want) {
				t.Errorf("%s: %T reads %q, want %q", name, body, out.String(), c.want)
			}
		}
	}
	if hosts["aliyun"].Err != error(failure) {
		t.Error("the event's own error was replaced")
	}
}

// A line may be shown on a terminal as it is, whatever a host has said.
func TestJSONLinesAreSafeOnATerminal(t *testing.T) {
	var b bytes.Buffer
	p := toJSON(&b)
	for _, body := range []provision.Body{
		provision.Finding{Severity: provision.SeverityError, Cause: "c", Evidence: "a\u009b2J\u202eb"},
		provision.StepOutput{Stream: provision.StreamOut, Text: "a\u009b2J\u202eb"},
	} {
		p.Emit(provision.Event{Host: "h", Step: "07-build", Body: body})
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.Count(text, `a\u009b2J\u202eb`) != 2 {
		t.Errorf("got %q", text)
	}
}

func planned(t *testing.T, events ...provision.Event) string {
	t.Helper()
	var out bytes.Buffer
	p := lines.NewPlan(&out, english, theme.Plain())
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
		english.T("lines.unplanned", "aliyun") + ": Dockerfile:3, Dockerfile:7\nand something else\n" +
		english.T("lines.planned-none") + "\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAPlanThatIsNotCompleteSaysSo(t *testing.T) {
	f := provision.PlanFinished{Changes: []provision.Change{{}}, Hosts: map[string]provision.HostResult{
		"aliyun": {}, "tencent": {Err: errors.New("tencent refuses\nthe login, and says why at some length")}}}
	got := planned(t, provision.Event{Body: f})
	if want := english.T("lines.unplanned", "tencent") + ": tencent refuses\nthe login, and says why at some length\n" +
		english.T("lines.planned-part", 1) + "\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := planned(t, provision.Event{Body: provision.PlanFinished{}}), english.T("lines.planned-nothing")+"\n"; got != want {
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
	for _, p := range []*lines.Printer{lines.NewPlain(&out, english, false), lines.NewLog(&out)} {
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
