package prepare

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/prepare"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEJtn1xyGQYuyZ1JOaXFy7BLVIhR7hC5Lw7p0Uuky7mM kevin@laptop"
	plans     = "testdata/plans.txt"
)

// scenario is a host, as a file of facts has it, and what is wanted of it.
type scenario struct {
	name, facts string
	wanted      inventory.Prepare
	mirrors     []string // those that answer, the fastest first
}

// TestPlans holds what would be changed on each kind of host, from facts alone and without the words for it.
func TestPlans(t *testing.T) {
	everything := inventory.Prepare{
		User: inventory.PrepareUser{Sudo: true}, Packages: []string{"htop"}, Updates: true, Swap: "2g",
		Docker: inventory.PrepareDocker{Mirrors: []string{"https://old.example.com", "https://m.example.com"}, Daemon: map[string]any{"mtu": 1450.0}},
	}
	upstream := inventory.Prepare{Docker: inventory.PrepareDocker{Source: inventory.DockerUpstream}}
	aliyun := []string{"https://mirrors.aliyun.com/docker-ce", "https://download.docker.com"}
	var out strings.Builder
	for _, s := range []scenario{
		{"a fresh Debian", "debian-bare", inventory.Prepare{}, nil},
		{"a fresh Debian, everything", "debian-bare", everything, nil},
		{"a fresh Debian, Docker's packages", "debian-bare", upstream, aliyun},
		{"a fresh Debian, no mirror", "debian-bare", upstream, nil},
		{"a prepared Ubuntu", "ubuntu-prepared", inventory.Prepare{}, nil},
		{"a prepared Ubuntu, everything", "ubuntu-prepared", everything, nil},
		{"a drifted Ubuntu", "ubuntu-drifted", inventory.Prepare{}, nil},
		{"a drifted Ubuntu, everything", "ubuntu-drifted", everything, nil},
		{"a fresh Rocky", "rocky-bare", inventory.Prepare{}, aliyun},
		{"a fresh Alibaba Cloud Linux, everything", "alinux-bare", everything, aliyun},
		{"a fresh Fedora", "fedora-bare", inventory.Prepare{}, nil},
		{"a system of another family", "alpine-bare", inventory.Prepare{}, nil},
		{"the deploy user without root", "not-root", everything, nil},
	} {
		fmt.Fprintf(&out, "== %s\n", s.name)
		out.WriteString(s.plan(t))
	}
	if *update {
		if err := os.WriteFile(plans, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(plans)
	if err != nil {
		t.Fatal(err)
	}
	if out.String() != string(want) {
		t.Errorf("the plans differ from %s (-update writes it anew):\n%s", plans, out.String())
	}
}

// plan is what the steps would change, up to the first that cannot be planned.
func (s scenario) plan(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata/facts", s.facts+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "kevin.pub")
	if err := os.WriteFile(key, []byte(publicKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wanted := s.wanted
	wanted.User.Keys = []string{key}
	p := &Preparation{Inventory: &inventory.Inventory{Prepare: wanted}, Words: language.Keys()}
	h := p.NewHost(inventory.Host{Name: "aliyun", Address: "203.0.113.10", User: "kevin"}, false)
	h.facts.Facts = prepare.Parse(text)
	for i, url := range s.mirrors {
		h.facts.Docker.Mirrors = append(h.facts.Docker.Mirrors, prepare.Mirror{URL: url, Latency: time.Duration(i+1) * 20 * time.Millisecond})
	}
	var out strings.Builder
	for _, step := range h.Steps() {
		if step.ID() == Firewall || step.ID() == SSH {
			continue
		}
		changes, err := step.Plan()
		for _, c := range changes {
			fmt.Fprintf(&out, "%s %s\n", step.ID(), c.Action)
			for line := range strings.Lines(c.Diff) {
				out.WriteString("    " + line)
			}
		}
		if err != nil {
			fmt.Fprintf(&out, "%s fails: %v\n", step.ID(), err)
			break
		}
	}
	return strings.ReplaceAll(out.String(), filepath.Dir(key), "HOME")
}
