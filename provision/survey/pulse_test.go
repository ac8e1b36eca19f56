package survey

import (
	"os"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/sandbox/fakehost"
	"github.com/kehuo/provision/provision/shell/shelltest"
)

func TestMain(m *testing.M) { os.Exit(fakehost.Main(m)) }

const (
	kernel = "cpu  100 0 50 800 50 0 0 0 0 0\nup 86400.12\nload 0.42\nmemory 1000000\nfree 750000\n"
	disk   = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda1 1000 300 600 34% /\n"
)

func TestAPulseIsWhatTheKernelTells(t *testing.T) {
	p := parsePulse([]byte(kernel+disk), Pulse{})
	if p.CPU != Unknown || p.Memory != 0.25 || p.Disk < 0.333 || p.Disk > 0.334 || p.Load != "0.42" || p.Up.Round(time.Hour) != 24*time.Hour ||
		p.Total != 1000000<<10 || p.Free != 600<<10 {
		t.Errorf("the first pulse is %+v", p)
	}
	p = parsePulse([]byte("cpu 130 0 60 840 60 0 0 0 0 0\n"), p)
	if p.CPU < 0.44 || p.CPU > 0.45 || p.Memory != Unknown || p.Disk != Unknown {
		t.Errorf("the second pulse is %+v, want 40 of 90 ticks at work", p)
	}
	if p = parsePulse([]byte("cpu 1 0 1 10 0 0 0 0\n"), p); p.CPU != Unknown {
		t.Errorf("after a reboot the processor is said to work at %v", p.CPU)
	}
}

func TestAPulseOfNonsenseIsUnknown(t *testing.T) {
	for _, text := range []string{"", "cpu", "cpu x y z", "cpu -5 -5 -5 -5", "up -3", "up 1e300", "memory 5\nfree 10\n", "load x", "a b 99999999999999999999 -1 5% /", "free 1\n"} {
		p := parsePulse([]byte(text), Pulse{})
		if p.CPU != Unknown || p.Memory != Unknown || p.Disk != Unknown || p.Up != 0 || p.Load != "" {
			t.Errorf("%q is read as %+v", text, p)
		}
	}
}

func TestEveryShellTellsAPulse(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		for _, folder := range []string{"/", "/no/such/folder", ""} {
			out, err := s.Command(t.Context(), watchScript.With(folder)).CombinedOutput()
			p := parsePulse(out, Pulse{})
			if err != nil || p.worked == 0 || p.Memory <= 0 || p.Disk < 0 || p.Up == 0 || p.Load == "" {
				t.Errorf("of %q it tells %+v (%v):\n%s", folder, p, err, out)
			}
		}
	})
}
