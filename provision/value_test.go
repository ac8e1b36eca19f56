package provision_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
)

func TestExitCode(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, provision.ExitOK},
		{errBroken, provision.ExitFailed},
		{provision.WithExit(provision.ExitLocked, errBroken), provision.ExitLocked},
		{fmt.Errorf("outer: %w", provision.WithExit(provision.ExitLocked, errBroken)), provision.ExitLocked},
		{provision.WithExit(provision.ExitUsage, provision.WithExit(provision.ExitLocked, errBroken)), provision.ExitUsage},
		{errors.Join(errBroken, provision.WithExit(provision.ExitUnreachable, errBroken)), provision.ExitUnreachable},
		{fmt.Errorf("read: %w", context.Canceled), provision.ExitInterrupted},
		{context.DeadlineExceeded, provision.ExitFailed},
		{&provision.StoppedError{Cause: errBroken, Interrupted: true, Err: provision.WithExit(provision.ExitUnreachable, errBroken)}, provision.ExitInterrupted},
		{&provision.StoppedError{Cause: errBroken, Err: provision.WithExit(provision.ExitUnreachable, errBroken)}, provision.ExitFailed},
	} {
		if got := provision.ExitCode(c.err); got != c.want {
			t.Errorf("%v: %d, want %d", c.err, got, c.want)
		}
	}
	if provision.WithExit(provision.ExitUsage, nil) != nil {
		t.Error("WithExit made an error of nil")
	}
}

// The run's exit status is that of the first host that failed.
func TestExitOfSeveralHosts(t *testing.T) {
	for _, c := range []struct {
		codes []int
		want  int
	}{
		{[]int{0, 0}, 0},
		{[]int{0, 3}, 3},
		{[]int{3, 3}, 3},
		{[]int{3, 4}, 3},
		{[]int{0, 4, 3}, 4},
		{[]int{5, 0, 5}, 5},
		{[]int{130, 1}, 130},
	} {
		var targets []provision.Target
		for i, code := range c.codes {
			h := host(fmt.Sprint("host", i), world{}, "06-files")
			if code != 0 {
				h.connect = func(context.Context, *provision.Reporter) error { return provision.WithExit(code, errBroken) }
			}
			targets = append(targets, h)
		}
		if got := run(t, &record{}, nil, targets...).ExitCode; got != c.want {
			t.Errorf("hosts that ended %v give %d, want %d", c.codes, got, c.want)
		}
	}
}

func TestSecretsShowNowhere(t *testing.T) {
	const value = "hunter2-s3cret"
	secret := provision.NewSecret(value)
	holder := struct {
		Name   string
		Secret provision.Secret
		Map    map[provision.Secret]string
		Ptr    *provision.Secret
		hidden provision.Secret // package fmt calls no methods of it
	}{"x", secret, map[provision.Secret]string{secret: "v"}, &secret, secret}
	var texts []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s", "%-.3s", "%p", "%w"} {
		texts = append(texts, fmt.Sprintf(verb, secret), fmt.Sprintf(verb, &secret), fmt.Sprintf(verb, holder), fmt.Sprintf(verb, []provision.Secret{secret}))
	}
	texts = append(texts, fmt.Sprint(secret), fmt.Sprintln(holder), secret.String(), fmt.Errorf("login: %w", fmt.Errorf("%v", secret)).Error())
	for _, v := range []any{secret, &secret, holder, map[string]any{"s": secret}} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
		slog.New(handler).Info("login", "password", secret, "answer", provision.Answer{Secret: secret}, slog.Group("g", "s", &secret))
	}
	texts = append(texts, log.String())
	for _, text := range texts {
		for _, form := range []string{value, "hunter2", fmt.Sprintf("%x", value), fmt.Sprintf("%X", value)} {
			if strings.Contains(text, form) {
				t.Errorf("%q shows the secret", text)
			}
		}
	}
	if secret.Reveal() != value || secret.Empty() || !provision.NewSecret("").Empty() {
		t.Error("the secret does not give its value back")
	}
}

func TestSecretAnswersAreNotPartOfTheStream(t *testing.T) {
	const value = "hunter2"
	r := &record{}
	options := provision.Options{Sink: r.sink, Decider: decide(func(d provision.Decision) (provision.Answer, error) {
		if d.Host != "one" || d.Step != "01-login" {
			t.Errorf("the question comes from %s %s", d.Host, d.Step)
		}
		return provision.Answer{Choice: value, Secret: provision.NewSecret(value)}, nil
	})}
	answer, err := provision.NewReporter(options, "one", "01-login").Ask(t.Context(), provision.Decision{Kind: provision.DecidePassword, Secret: true})
	if err != nil || answer.Secret.Reveal() != value {
		t.Fatalf("got %v, %v", answer, err)
	}
	text, err := json.Marshal(r.events)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.events) != 2 || strings.Contains(string(text), value) {
		t.Errorf("the stream is %s", text)
	}
}

func TestHeadless(t *testing.T) {
	answer, err := provision.Headless{}.Decide(t.Context(), provision.Decision{Headless: provision.AnswerNo})
	if err != nil || answer.Choice != provision.AnswerNo {
		t.Errorf("got %v, %v", answer, err)
	}
	_, err = provision.Headless{}.Decide(t.Context(), provision.Decision{Question: "Trust it?", Default: provision.AnswerYes, Remedy: "pass --accept-new-host-key"})
	var unanswered *provision.UnansweredError
	if !errors.As(err, &unanswered) || !strings.Contains(err.Error(), "--accept-new-host-key") {
		t.Errorf("a default for a person at hand was taken without one: %v", err)
	}
}

// The names on the wire are the contract with scripts.
func TestEventsOnTheWire(t *testing.T) {
	failed := errors.New("it <failed>")
	for _, c := range []struct {
		body provision.Body
		want string
	}{
		{provision.RunStarted{Command: "provision --yes", Site: "myweb", Hosts: []string{"a"}, Steps: []string{"01-login"}}, `"type":"run.started","host":"h","step":"s","command":"provision --yes","site":"myweb","hosts":["a"],"steps":["01-login"]}`},
		{provision.StepStarted{Title: "Build"}, `"type":"step.started","host":"h","step":"s","title":"Build"}`},
		{provision.StepProgress{Done: 1, Total: 2, Unit: provision.UnitFiles}, `"type":"step.progress","host":"h","step":"s","done":1,"total":2,"unit":"files"}`},
		{provision.StepOutput{Stream: provision.StreamErr, Text: "x"}, `"type":"step.output","host":"h","step":"s","stream":"stderr","text":"x"}`},
		{provision.Finding{Severity: provision.SeverityError, Cause: "c", Evidence: "e", Fix: "f"}, `"type":"finding","host":"h","step":"s","severity":"error","cause":"c","evidence":"e","fix":"f"}`},
		{provision.StepFinished{Status: provision.StatusFailed, Duration: 1500 * time.Millisecond, Err: failed}, `"type":"step.finished","host":"h","step":"s","status":"failed","duration_ms":1500,"error":"it \u003cfailed\u003e"}`},
		{provision.StepFinished{Status: provision.StatusOK}, `"type":"step.finished","host":"h","step":"s","status":"ok","duration_ms":0}`},
		{provision.SiteCheck{Vantage: provision.VantageHTTP, URL: "http://x/", Status: 301, Location: "https://x/", Duration: time.Second}, `"type":"site.measured","host":"h","step":"s","station":"http","url":"http://x/","status":301,"location":"https://x/","duration_ms":1000}`},
		{provision.RunFinished{Changed: 0, Hosts: map[string]provision.HostResult{"a": {Status: provision.StatusOK}}}, `"type":"run.finished","host":"h","step":"s","changed":0,"exit_code":0,"duration_ms":0,"hosts":{"a":{"changed":0,"status":"ok"}}}`},
		{provision.RunFinished{ExitCode: 2, Err: failed}, `"type":"run.finished","host":"h","step":"s","changed":0,"exit_code":2,"duration_ms":0,"hosts":{},"error":"it \u003cfailed\u003e"}`},
		{provision.PlanFinished{}, `"type":"plan.finished","host":"h","step":"s","changes":[],"exit_code":0,"hosts":{}}`},
		{provision.PlanFinished{Changes: []provision.Change{{Host: "a", Step: "06-files", Action: "upload", Reason: "new", Diff: "+ x"}}}, `"type":"plan.finished","host":"h","step":"s","changes":[{"host":"a","step":"06-files","action":"upload","reason":"new","diff":"+ x"}],"exit_code":0,"hosts":{}}`},
	} {
		got, err := json.Marshal(provision.Event{Time: fixed(), Host: "h", Step: "s", Body: c.body})
		if err != nil {
			t.Fatal(err)
		}
		if want := `{"time":"2026-03-01T09:30:00Z",` + c.want; string(got) != want {
			t.Errorf("%T is\n%s\nwant\n%s", c.body, got, want)
		}
	}
	got, err := json.Marshal(provision.Event{Time: fixed(), Body: provision.RunFinished{}})
	if err != nil || strings.Contains(string(got), `"host"`) || strings.Contains(string(got), `"step"`) {
		t.Errorf("an event of the whole run is %s, %v", got, err)
	}
}

func TestAStoppedRunSaysByWhom(t *testing.T) {
	ctx, stop := signal.NotifyContext(t.Context(), os.Interrupt)
	defer stop()
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	for want, s := range map[string]provision.StoppedError{
		"stopped: h, context canceled":                                        {Host: "h", Cause: context.Canceled, Interrupted: true},
		"stopped.left: stopped.step: 07-build, h, stopped.by.interrupt, left": {Host: "h", Step: "07-build", Cause: context.Cause(ctx), Interrupted: true, Left: provision.Fail("left")},
		"stopped: h, context deadline exceeded":                               {Host: "h", Cause: context.DeadlineExceeded},
		"stopped: h, stopped.by.terminated":                                   {Host: "h", Cause: errors.New("terminated signal received"), Interrupted: true},
	} {
		if got := s.Error(); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}
