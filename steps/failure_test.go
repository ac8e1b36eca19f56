package steps

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
)

// siteOn is a host of a site that publishes ports, with a certificate or without one.
func siteOn(tag language.Tag, secure bool, ports ...inventory.Port) *Host {
	inv := &inventory.Inventory{Site: inventory.Site{
		Container: "myweb", Ports: ports, Health: inventory.Health{Path: "/", Status: 200}, Server: "nginx",
	}}
	if secure {
		inv.Site.Certificate = "ssl_files/it.pem"
	}
	d := &Deployment{Inventory: inv, Words: language.New(tag)}
	h := d.NewHost(inventory.Host{Name: "cloud", Address: "203.0.113.10"}, false, "test")
	h.visitors.address = "203.0.113.10"
	return h
}

func tcp(host, container int) inventory.Port {
	return inventory.Port{Host: host, Container: container, Protocol: "tcp"}
}

// TestWhatIsWrongOnTheWayIsSaid: where the host itself gets the right answer, the cause is known, and the port is the site's own.
func TestWhatIsWrongOnTheWayIsSaid(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	for name, c := range map[string]struct {
		err  error
		code string
	}{
		"refused":     {refused, "site.port-closed"},
		"dropped":     {context.DeadlineExceeded, "site.port-closed"},
		"other page":  {&probe.MismatchError{Failure: provision.Fail("probe.status", "http://203.0.113.10/", 403, 200)}, "site.intercepted"},
		"cut in half": {&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, "site.intercepted"},
	} {
		for _, tag := range language.Tags() {
			h := siteOn(tag, false, tcp(8080, 80))
			check := h.visitors.demands.FromHere("203.0.113.10")[0]
			err := h.Step(Site).(website).judge([]probe.Result{
				{Check: check, Vantage: "http", Err: provision.Fail("probe.silent", "http", c.err)},
				{Check: check, Vantage: "host-http"},
			})
			if err == nil || !errors.Is(err, c.err) || !strings.Contains(h.Words.Error(err), "8080") {
				t.Fatalf("%s: %v", name, err)
			}
			found := h.Explain(Site, fmt.Errorf("the release failed: %w", err))
			if len(found) != 1 || found[0].Code != c.code || !strings.Contains(found[0].Cause, "8080") || strings.Contains(found[0].Cause+found[0].Fix, "443") {
				t.Errorf("%s: %+v", name, found)
			}
		}
	}
}

func TestClosedPortsAreOpenedOneByOne(t *testing.T) {
	h := siteOn(language.English, true, tcp(80, 80), tcp(443, 443))
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	var results []probe.Result
	for _, c := range h.visitors.demands.FromHere("203.0.113.10") {
		results = append(results, probe.Result{Check: c, Vantage: c.Name, Err: refused}, probe.Result{Check: c, Vantage: "host-" + c.Name})
	}
	found := h.Explain(Site, h.Step(Site).(website).judge(results))
	for _, want := range []string{"TCP 443, 80 from", "--add-port=443/tcp --add-port=80/tcp ", "sudo ufw allow 443/tcp && sudo ufw allow 80/tcp"} {
		if len(found) != 1 || !strings.Contains(found[0].Fix, want) {
			t.Errorf("%q is not in %+v", want, found)
		}
	}
}

// takeOver has a step replace a stranger's container with the site's name.
func takeOver(tag language.Tag, decider provision.Decider) (*Host, error) {
	h := siteOn(tag, false, tcp(80, 80))
	c := &docker.Container{ID: strings.Repeat("a", 64), Name: "/myweb"}
	c.Config.Image = "postgres:16"
	h.facts.Facts = &facts.Facts{Docker: facts.Docker{Container: c}}
	changes := h.TakeOver(c, func(context.Context, *provision.Reporter) error { return nil })
	r := provision.NewReporter(provision.Options{Decider: decider}, h.Name(), Run)
	h.connection.lines(r)("some output of the step")
	return h, changes[0].Apply(context.Background(), r)
}

// TestQuestionWithoutAnAnswerIsNoUnknownFailure: what answers it beforehand is its fix.
func TestQuestionWithoutAnAnswerIsNoUnknownFailure(t *testing.T) {
	for _, tag := range language.Tags() {
		h, err := takeOver(tag, provision.Headless{})
		found := h.Explain(Run, fmt.Errorf("step: %w", err))
		if len(found) != 1 || found[0].Code != "unanswered" || found[0].Fix != h.Words.T("take-over.remedy") || !strings.Contains(found[0].Evidence, "postgres") {
			t.Errorf("%s: %v is explained by %+v", tag, err, found)
		}
	}
}

type no struct{}

func (no) Decide(context.Context, provision.Decision) (provision.Answer, error) {
	return provision.Answer{Choice: provision.AnswerNo}, nil
}

// TestEveryFailureHasAFinding: one of our own as well as one that nobody knows.
func TestEveryFailureHasAFinding(t *testing.T) {
	for _, tag := range language.Tags() {
		h, err := takeOver(tag, no{})
		found := h.Explain(Run, provision.Fail("release.look", "x", "y", err))
		if err == nil || len(found) != 1 || found[0].Severity != provision.SeverityError || found[0].Cause == "" {
			t.Errorf("%s: %v is explained by %+v", tag, err, found)
		}
		if found := h.Explain(Run, errors.New("zorg")); len(found) != 1 || found[0].Severity != provision.SeverityUnknown {
			t.Errorf("%s: an unknown failure is explained by %+v", tag, found)
		}
	}
}

func TestPlaceIsTheHostAsItWasDialled(t *testing.T) {
	h := (&Deployment{Inventory: &inventory.Inventory{}}).NewHost(
		inventory.Host{Name: "cloud", Address: "alias", User: "kevin", Identity: "/home/k/my key"}, false, "test")
	known := diagnose.Place{Where: diagnose.Connect, Host: "alias", User: "kevin", Identity: "'/home/k/my key'"}
	if got := h.place(diagnose.Connect, errors.New("another one")); got != known {
		t.Errorf("%+v, want %+v", got, known)
	}
	known.Host, known.Port, known.User = "203.0.113.10", 2222, "admin"
	if got := h.place(diagnose.Connect, &remote.DialError{User: "admin", Host: "203.0.113.10", Port: 2222}); got != known {
		t.Errorf("%+v, want %+v", got, known)
	}
}

func TestSiteThatCannotBeAskedIsWarnedOf(t *testing.T) {
	for _, c := range []struct {
		port inventory.Port
		want int
	}{{tcp(80, 80), 0}, {inventory.Port{Host: 53, Container: 53, Protocol: "udp"}, 1}} {
		var found []provision.Finding
		sink := func(e provision.Event) {
			if f, ok := e.Body.(provision.Finding); ok {
				found = append(found, f)
			}
		}
		h := siteOn(language.English, false, c.port)
		h.Step(Site).(website).unasked(provision.NewReporter(provision.Options{Sink: sink}, h.Name(), Site))
		if len(found) != c.want || c.want == 1 && (found[0].Severity != provision.SeverityWarning || found[0].Cause == "") {
			t.Errorf("with %v, warns of %v", c.port, found)
		}
	}
}

// What one step printed explains no other.
func TestOutputIsThatOfItsStep(t *testing.T) {
	c := &connection{}
	c.lines(provision.NewReporter(provision.Options{}, "cloud", Build))("of the build")
	if got := c.printed(Build); !slices.Equal(got, []string{"of the build"}) || c.printed(Run) != nil {
		t.Errorf("the build printed %q, the run %q", got, c.printed(Run))
	}
	c.lines(provision.NewReporter(provision.Options{}, "cloud", Run))
	if got := c.printed(Run); len(got) > 0 {
		t.Errorf("a step that said nothing printed %q", got)
	}
}

// A build's instructions stand where they were announced, though its output comes in large pieces.
func TestBuildProgressStandsInItsPlace(t *testing.T) {
	var got []string
	sink := func(e provision.Event) {
		switch b := e.Body.(type) {
		case provision.StepOutput:
			got = append(got, b.Text)
		case provision.StepProgress:
			got = append(got, fmt.Sprintf("%d/%d %s", b.Done, b.Total, b.Detail))
		}
	}
	pass := build{connection: &connection{}}.progress(provision.NewReporter(provision.Options{Sink: sink}, "", ""))
	for _, lines := range []string{"", "Sending\nStep 1/2 : FROM x\n ---> 1\n\nStep 2/2 : RUN y", " ---> 2\n"} {
		pass(lines)
	}
	want := []string{"", "Sending\nStep 1/2 : FROM x", "1/2 FROM x", " ---> 1\n\nStep 2/2 : RUN y", "2/2 RUN y", " ---> 2\n"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestDoctorSeesAnSSHDThatForbidsForwarding: what came back from the host's own ports is looked at, and not forgotten before.
func TestDoctorSeesAnSSHDThatForbidsForwarding(t *testing.T) {
	h := siteOn(language.English, false, tcp(80, 80))
	h.facts.Facts = &facts.Facts{}
	refused := &ssh.OpenChannelError{Reason: ssh.Prohibited}
	h.visitors.arrive(t.Context())
	h.visitors.host(func(context.Context, string, string) (net.Conn, error) { return nil, refused })
	if err := h.Survey().SSHD; !errors.Is(err, refused) || provision.CodeOf(err) != "release.no-way-in" {
		t.Errorf("it is told of %v", err)
	}
}
