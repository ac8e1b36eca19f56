package golden

import (
	"context"
	"os"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
)

// TestHostIsMadeReady: a host without Docker is deployed to in the same run where it is made ready in between, over a connection of
// its own; where nobody wants that, the run ends as ever.
func TestHostIsMadeReady(t *testing.T) {
	for _, agrees := range []bool{true, false} {
		l := newLab(t)
		l.NoSockets = true
		client, err := os.Readlink(l.Path("/bin/docker"))
		check(t, err)
		l.Command(t, "docker", "echo '/bin/sh: 1: docker: not found' >&2; exit 127")
		host, asked := l.host(), 0
		host.MakeReady = func(_ context.Context, _ *provision.Reporter, h inventory.Host) (bool, error) {
			if asked++; h.Name != "cloud" || !agrees {
				return false, nil
			}
			check(t, os.Remove(l.Path("/bin/docker")))
			return true, os.Symlink(client, l.Path("/bin/docker"))
		}
		r := l.run(host)
		if err := r.result.Hosts["cloud"].Err; asked != 1 || agrees != (r.result.ExitCode == provision.ExitOK) || !agrees && provision.CodeOf(err) != "fail.docker" {
			t.Errorf("asked %d times, agreed to %t, exit status %d: %v", asked, agrees, r.result.ExitCode, err)
		}
	}
}

// TestReadyHostIsNotMadeReady: nobody is asked about a host that can be deployed to.
func TestReadyHostIsNotMadeReady(t *testing.T) {
	host := newRecordedLab(t).host()
	host.MakeReady = func(context.Context, *provision.Reporter, inventory.Host) (bool, error) {
		t.Error("asked")
		return false, nil
	}
	if err := host.Connect(t.Context(), provision.NewReporter(provision.Options{}, "cloud", "")); err != nil {
		t.Error(err)
	}
	check(t, host.Close(t.Context(), provision.HostResult{}))
}
