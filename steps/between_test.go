package steps

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
)

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
			h := siteOn(false, tcp(8080, 80))
			h.Words, h.address = language.New(tag), "203.0.113.10"
			err := website{h}.judge([]result{
				{question: h.publicQuestions()[0], station: "http", err: fmt.Errorf("http does not answer: %w", c.err)},
				{question: h.publicQuestions()[0], station: "host-http"},
			})
			if err == nil || !errors.Is(err, c.err) || !strings.Contains(err.Error(), "8080") {
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
	h := siteOn(true, tcp(80, 80), tcp(443, 443))
	h.Words, h.address = language.New(language.English), "203.0.113.10"
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	var results []result
	for _, q := range h.publicQuestions() {
		results = append(results, result{question: q, station: q.name, err: refused}, result{question: q, station: "host-" + q.name})
	}
	found := h.Explain(Site, website{h}.judge(results))
	for _, want := range []string{"TCP 443, 80 from", "--add-port=443/tcp --add-port=80/tcp ", "sudo ufw allow 443/tcp && sudo ufw allow 80/tcp"} {
		if len(found) != 1 || !strings.Contains(found[0].Fix, want) {
			t.Errorf("%q is not in %+v", want, found)
		}
	}
}
