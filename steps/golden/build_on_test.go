package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/steps"
)

// dockerHere puts a docker command in front of this machine's own.
func dockerHere(t *testing.T, script string) {
	t.Helper()
	folder := t.TempDir()
	check(t, os.WriteFile(filepath.Join(folder, "docker"), []byte("#!/bin/sh\n"+script), 0o755))
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
}

// TestBuildOn: the plan says where the image is built and what travels; what cannot come true is told before anything changes.
func TestBuildOn(t *testing.T) {
	const engine = `case "$1 $2" in
"info "*) printf 'linux/%s /var/lib/docker\nnull\n' ;;
"buildx "*) exit 1 ;;
esac`
	for _, test := range []struct{ name, on, fields, docker, code string }{
		{"here", "here", "", fmt.Sprintf(engine, "x86_64"), ""},
		{"here for another architecture", "here", "", fmt.Sprintf(engine, "aarch64"), "build.platform"},
		{"here for the platform that is named", "here", "\n  build: {platform: linux/amd64}", fmt.Sprintf(engine, "aarch64"), ""},
		{"here without Docker", "here", "", "echo 'Cannot connect to the Docker daemon' >&2; exit 1", "build.no-docker-here"},
		{"on a host that is left out", "other", "", "", "build.limited"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dockerHere(t, test.docker)
			l := newLab(t)
			client, err := os.Readlink(l.Path("/bin/docker"))
			check(t, err)
			l.Command(t, "docker", strings.ReplaceAll(fmt.Sprintf(pulls, l.Path("/tmp"), "nothing"), `"$FAKE"`, client))
			l.edit("inventory.yaml", "  domain:", "  build_on: "+test.on+test.fields+"\n  domain:")
			file, err := os.OpenFile(filepath.Join(l.dir, "inventory.yaml"), os.O_APPEND|os.O_WRONLY, 0)
			check(t, err)
			_, err = file.WriteString("  - {name: other, address: 127.0.0.1, port: 1}\n")
			check(t, err)
			check(t, file.Close())
			p := l.plan()
			if got := code(p.Hosts["cloud"].Err); got != test.code {
				t.Fatalf("it ended with %v, want %q", p.Hosts["cloud"].Err, test.code)
			}
			text := ""
			for _, c := range p.Changes {
				if c.Step == steps.Build {
					text += c.Action + "\n" + c.Reason + "\n" + c.Diff + "\n"
				}
			}
			if test.code == "" {
				golden(t, "plans/built-"+strings.ReplaceAll(test.name, " ", "-"), text)
			} else if text != "" {
				t.Errorf("the plan is\n%s", text)
			}
		})
	}
}

// TestBuildOnAnotherHost: the hosts of a plan need not wait for each other.
func TestBuildOnAnotherHost(t *testing.T) {
	l, other := newLab(t), newLab(t)
	for _, h := range []*lab{l, other} {
		client, err := os.Readlink(h.Path("/bin/docker"))
		check(t, err)
		h.Command(t, "docker", strings.ReplaceAll(fmt.Sprintf(pulls, h.Path("/tmp"), "nothing"), `"$FAKE"`, client))
	}
	l.edit("inventory.yaml", "  domain:", "  build_on: other\n  domain:")
	file, err := os.OpenFile(filepath.Join(l.dir, "inventory.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	check(t, err)
	_, err = fmt.Fprintf(file, "  - {name: other, address: %s, port: %d, user: kevin, identity: %s, known_hosts: %s}\n", other.Address, other.Port, other.Identity, other.KnownHosts)
	check(t, err)
	check(t, file.Close())
	inv, err := inventory.Load(filepath.Join(l.dir, "inventory.yaml"))
	check(t, err)
	d, err := steps.NewDeployment(t.Context(), inv, language.Keys(), steps.Reading{Remember: true})
	check(t, err)
	p := provision.Plan(t.Context(), []provision.Target{d.NewHost(inv.Hosts[0], false, ""), d.NewHost(inv.Hosts[1], false, "")}, provision.Options{Site: "myweb"})
	text := ""
	for _, c := range p.Changes {
		if c.Step == steps.Build {
			text += c.Host + ": " + c.Action + "\n" + c.Diff + "\n"
		}
	}
	golden(t, "plans/built-on-another-host", text)
}
