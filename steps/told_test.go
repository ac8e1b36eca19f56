package steps

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
)

// strangers is a host whose container of the site's name is a stranger's.
func strangers(tag language.Tag) (*Host, *docker.Container) {
	h := siteOn(false, tcp(80, 80))
	h.Words = language.New(tag)
	h.Inventory.Site.Container = "myweb"
	c := &docker.Container{ID: strings.Repeat("a", 64), Name: "/myweb"}
	c.Config.Image = "postgres:16"
	h.facts = &facts.Facts{Docker: facts.Docker{Container: c}}
	return h, c
}

func takeOver(t *testing.T, h *Host, c *docker.Container, decider provision.Decider) error {
	t.Helper()
	changes, err := run{h}.takeOver(c, func(context.Context, *provision.Reporter) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	r := provision.NewReporter(provision.Options{Decider: decider}, h.Name(), stepRun)
	h.lines(r)("some output of the step")
	return changes[0].Apply(context.Background(), r)
}

// TestQuestionWithoutAnAnswerIsNoUnknownFailure: what answers it beforehand is its fix.
func TestQuestionWithoutAnAnswerIsNoUnknownFailure(t *testing.T) {
	for _, tag := range language.Tags() {
		h, c := strangers(tag)
		err := fmt.Errorf("step: %w", takeOver(t, h, c, provision.Headless{}))
		found := h.Explain(stepRun, err)
		if len(found) != 1 || found[0].Code != "unanswered" || found[0].Fix != h.Words.T("take-over.remedy") || !strings.Contains(found[0].Evidence, "postgres") {
			t.Errorf("%s: %v is explained by %+v", tag, err, found)
		}
	}
}

type no struct{}

func (no) Decide(context.Context, provision.Decision) (provision.Answer, error) {
	return provision.Answer{Choice: provision.AnswerNo}, nil
}

func TestSentenceThatSaysItAllIsFollowedByNoUnknownFailure(t *testing.T) {
	for _, tag := range language.Tags() {
		h, c := strangers(tag)
		err := takeOver(t, h, c, no{})
		if found := h.Explain(stepRun, h.fail("fail.look", "x", "y", err)); err == nil || len(found) != 0 {
			t.Errorf("%s: %v is explained by %+v", tag, err, found)
		}
		if found := h.Explain(stepRun, h.fail("fail.look", "x", "y", errors.New("zorg"))); len(found) != 1 || found[0].Severity != provision.SeverityUnknown {
			t.Errorf("%s: an unknown failure is explained by %+v", tag, found)
		}
	}
}

// TestLoginThatNobodyAnswersIsDiagnosed: of an unknown host key and of a locked key the catalogue says more than the flag.
func TestLoginThatNobodyAnswersIsDiagnosed(t *testing.T) {
	h, _ := strangers(language.English)
	refused := provision.Fail("remote.login.refused", "cloud", "kevin@203.0.113.10", "kevin", "publickey", provision.Fail("remote.login.no-key"))
	locked := &provision.Unanswered{Decision: provision.Decision{Remedy: "load the key into an agent with ssh-add ~/.ssh/id"}}
	for code, values := range map[string][]any{
		"connect.key-passphrase":   {refused, "~/.ssh/id", provision.Fail("remote.key.locked", locked, "~/.ssh/id")},
		"connect.host-key-unknown": {"cloud", "kevin@203.0.113.10", "ssh-ed25519", "SHA256:x", provision.Fail("hostkey.unanswered")},
	} {
		err := &remote.DialError{Failure: provision.Fail(code, values...).From(&provision.Unanswered{})}
		if found := h.Explain(stepLogin, err); len(found) == 0 || found[0].Code != code {
			t.Errorf("%v is explained by %+v", err, found)
		}
	}
}

// TestCutoverReportsWhatDockerSaidFirst: what it said afterwards is a consequence, and sends people the wrong way.
func TestCutoverReportsWhatDockerSaidFirst(t *testing.T) {
	h, _ := strangers(language.English)
	first := "Error response from daemon: driver failed programming external connectivity on endpoint x (1): listen tcp4 203.0.113.10:80: bind: cannot assign requested address"
	exit := &remote.ExitError{Command: "cutover-1", Code: undoneExit, Stderr: "out-of-reach 12\nWARNING: no swap\n" + first + "\nError response from daemon: endpoint x not found\n"}
	err := h.notMoved(fmt.Errorf("job: %w", exit))
	if !strings.Contains(err.Error(), first) || strings.Contains(err.Error(), "not found") || !errors.As(err, &exit) {
		t.Errorf("it says: %v", err)
	}
	if found := h.Explain(stepRun, err); len(found) != 1 || found[0].Code != "run.address-elsewhere" {
		t.Errorf("explained by %+v", found)
	}
	if err := h.notMoved(errors.New("the link is gone")); !strings.Contains(err.Error(), "the link is gone") {
		t.Errorf("it says: %v", err)
	}
}
