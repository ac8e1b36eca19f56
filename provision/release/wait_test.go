package release

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
)

// soon is an impatience that a test can wait for.
var soon = patience{silence: 50 * time.Millisecond, fatal: 100 * time.Millisecond, wrong: 300 * time.Millisecond}

// TestWait: how long a candidate that does not answer as wanted is waited for, and whether it is tried on the bridge afterwards.
func TestWait(t *testing.T) {
	const long = time.Minute
	for _, c := range []struct {
		name    string
		status  int
		log     string
		cutover string
		timeout time.Duration
		code    string // of why it is given up
		cold    bool   // it is tried with a way out then, and comes up
	}{
		{name: "the same wrong page", status: 404, log: "GET / 404", timeout: long, code: "release.candidate-wrong"},
		{name: "an error of the application's own", status: 500, log: "KeyError: 'x'", timeout: long, code: "release.candidate-wrong"},
		{name: "an error for want of a network", status: 500, log: "socket.gaierror: [Errno -3] Temporary failure in name resolution", timeout: long, cold: true},
		{name: "the same where only warm will do", status: 500, log: "Temporary failure in name resolution", cutover: inventory.CutoverWarm, timeout: long, code: "release.candidate-wrong"},
		{name: "an error that says nothing", status: 500, timeout: long, cold: true},
		{name: "an application that failed to boot behind nginx", status: 502, log: "fatal", timeout: long, code: "release.candidate-fatal"},
		{name: "one that waits for its database", status: 502, log: "connect ECONNREFUSED, getaddrinfo ENOTFOUND db", timeout: long, cold: true},
		{name: "one that waits and says nothing", status: 502, timeout: 2 * time.Second, cold: true},
		{name: "one that boots slowly", status: 502, log: "loading", timeout: time.Second, code: "release.candidate-late"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newFakeHost(t)
			h.status[insideAddress] = []int{c.status}
			if c.log != "" {
				h.on("docker logs", c.log+"\n")
			} else {
				h.on("docker logs", "")
			}
			h.on("boot", inspected("new", "web-candidate", candidateAt(insideAddress)), inspected("new", "web-candidate", onBridge))
			s, r := h.newSwitch(c.cutover), newRelease()
			s.pace, r.Demands.Health.Timeout = soon, c.timeout
			s.Fatal = func(log []string) bool { return slices.Contains(log, "fatal") }
			begun := time.Now()
			_, err := s.Run(t.Context(), h.report(), r, oldLive())
			if took := time.Since(begun); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
			text := strings.Join(h.transcript, "\n")
			if c.cold != (err == nil) || c.cold != strings.Contains(text, "say stderr release.trying-cold") {
				t.Errorf("ends with %v after\n%s", err, text)
			}
			if c.cold {
				return
			}
			h.worded(err)
			if why := provision.CodeOf(err.(*provision.Failure).Values[2].(error)); why != c.code || provision.ExitCode(err) != provision.ExitKeptOld {
				t.Errorf("ends with %v", err)
			}
			if n := strings.Count(text, c.log); c.log != "" && n != 1 {
				t.Errorf("its log is shown %d times:\n%s", n, text)
			}
		})
	}
}
