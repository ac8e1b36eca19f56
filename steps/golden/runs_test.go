package golden

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/steps/operate"
)

// TestRuns holds whole runs: what is told, without words and times, which docker commands change something on the host, and
// what is there afterwards.
func TestRuns(t *testing.T) {
	deploy := func(l *lab) *record { return l.deploy() }
	edited := func(file, old, text string) func(*lab) *record {
		return func(l *lab) *record { l.edit(file, old, text); return l.deploy() }
	}
	hooked := func(build, before, after string) func(*lab) *record {
		return func(l *lab) *record { hooks(build, before, after)(l); return l.run(l.mended()) }
	}
	for _, scenario := range []struct {
		name string
		lab  func(*testing.T) *lab
		run  func(*lab) *record
	}{
		{"first deployment", newLab, deploy},
		{"nothing to do", newRecordedLab, deploy},
		{"new release", newRecordedLab, edited("site/app/templates/index.html", "second", "third")},
		{"new settings", newRecordedLab, edited("inventory.yaml", "C.UTF-8", "C")},
		{"new environment file", newRecordedLab, edited("environment", "hello", "goodbye")},
		{"new release cold", newRecordedLab, func(l *lab) *record {
			l.edit("inventory.yaml", "  domain:", "  cutover: cold\n  domain:")
			return edited("site/app/templates/index.html", "second", "third")(l)
		}},
		{"one release is kept", newRecordedLab, func(l *lab) *record {
			l.edit("inventory.yaml", "  domain:", "  keep: 1\n  domain:")
			return edited("site/app/templates/index.html", "second", "third")(l)
		}},
		{"no release is kept", newRecordedLab, func(l *lab) *record {
			l.edit("inventory.yaml", "  domain:", "  keep: 0\n  domain:")
			return edited("site/app/templates/index.html", "second", "third")(l)
		}},
		{"release that answers with errors", newRecordedLab, func(l *lab) *record {
			l.edit("inventory.yaml", "  domain:", "  health: {timeout: 1s}\n  domain:")
			return edited("site/app/__init__.py", "    return", "    raise\n    return")(l)
		}},
		{"release that fails in public", newRecordedLab, func(l *lab) *record {
			l.edit("inventory.yaml", "  domain:", "  health: {timeout: 1s}\n  domain:")
			return edited("site/app/__init__.py", "    return", "    raise_in_public\n    return")(l)
		}},
		{"ports that cannot be moved", newRecordedLab, func(l *lab) *record {
			l.Docker.Refuse(2, "docker network connect bridge", "driver failed programming external connectivity: port is already allocated")
			return edited("site/app/templates/index.html", "second", "third")(l)
		}},
		{"ports that are moved at the second try", newRecordedLab, func(l *lab) *record {
			l.Docker.Refuse(1, "docker network connect bridge", "driver failed programming external connectivity: port is already allocated")
			return edited("site/app/templates/index.html", "second", "third")(l)
		}},
		{"build that fails", newRecordedLab, func(l *lab) *record {
			l.Docker.Refuse(9, "docker build", "failed to solve: no space left on device")
			return edited("site/app/templates/index.html", "second", "third")(l)
		}},
		{"build with options", newRecordedLab, func(l *lab) *record {
			l.Docker.BuildHelp = buildKitHelp
			lent(l)
			return l.deploy()
		}},
		{"build that leaves no image", newRecordedLab, func(l *lab) *record {
			l.Docker.Refuse(9, "docker image inspect", "No such image: myweb_image:server")
			return edited("site/app/templates/index.html", "second", "third")(l)
		}},
		{"hooks around a release", newRecordedLab, hooked("sed -i s/second/third/ app/templates/index.html", "migrate", "clean up")},
		{"before_build that fails", newRecordedLab, hooked("exit 9", "migrate", "clean up")},
		{"before_switch that fails", newRecordedLab, hooked("sed -i s/second/third/ app/templates/index.html", "exit 3", "clean up")},
		{"before_switch that fails at first", newLab, hooked("true", "exit 3", "clean up")},
		{"after_switch that fails", newRecordedLab, hooked("sed -i s/second/third/ app/templates/index.html", "migrate", "exit 5")},
		{"release that ends at once", newRecordedLab, edited("site/start.sh", "set -u\n", "set -u\nexit 3\n")},
		{"release that nginx refuses", newRecordedLab, edited("site/resource/default.conf", "    ssl_session_timeout 10m;\n", "    ssl_session_timeout 10m;\n    nonsense on;\n")},
		{"nginx that docker cannot run", newRecordedLab, func(l *lab) *record {
			l.Docker.Refuse(1, "docker run --rm", "failed to initialize logging driver: journald is not enabled on this host.")
			return edited("site/app/templates/index.html", "second", "third")(l)
		}},
		{"first deployment without an internal network", newLab, func(l *lab) *record {
			l.Docker.Refuse(9, "docker network create", "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network")
			return l.deploy()
		}},
		{"first release that ends at once", newLab, edited("site/start.sh", "set -u\n", "set -u\nexit 3\n")},
		{"the container is down", newRecordedLab, func(l *lab) *record { l.Docker.Do(l.t, "stop", "myweb_https"); return l.deploy() }},
		{"the container is gone", newRecordedLab, func(l *lab) *record { l.Docker.Do(l.t, "rm", "-f", "myweb_https"); return l.deploy() }},
		{"a cutover was interrupted", newRecordedLab, func(l *lab) *record {
			l.Docker.Do(l.t, "rename", "myweb_https", "myweb_https-candidate")
			l.Docker.Do(l.t, "rename", "myweb_https-"+keptRelease, "myweb_https")
			l.Docker.Do(l.t, "start", "myweb_https")
			return l.deploy()
		}},
		{"it has lost its ports", newRecordedLab, func(l *lab) *record {
			l.Docker.Do(l.t, "network", "disconnect", "bridge", "myweb_https")
			return l.deploy()
		}},
		{"rollback", newRecordedLab, func(l *lab) *record { return l.run(operate.NewRollback(l.installed(), "")) }},
		{"rollback to a container that is gone", newRecordedLab, func(l *lab) *record {
			l.Docker.Do(l.t, "rm", "-f", "myweb_https-"+keptRelease)
			return l.run(operate.NewRollback(l.installed(), keptRelease))
		}},
		{"rollback cold", newRecordedLab, func(l *lab) *record {
			l.edit("inventory.yaml", "  domain:", "  cutover: cold\n  domain:")
			return l.run(operate.NewRollback(l.installed(), ""))
		}},
		{"rollback to nothing", newLab, func(l *lab) *record { return l.run(operate.NewRollback(l.installed(), "")) }},
		{"rollback to an unknown release", newRecordedLab, func(l *lab) *record { return l.run(operate.NewRollback(l.installed(), "0123456789ab")) }},
		{"down", newRecordedLab, func(l *lab) *record { return l.run(operate.NewDown(l.installed(), operate.DownOptions{})) }},
		{"down with images and files", newRecordedLab, func(l *lab) *record {
			return l.run(operate.NewDown(l.installed(), operate.DownOptions{Images: true, Files: true}))
		}},
		{"down with images that are gone", newRecordedLab, func(l *lab) *record {
			l.Docker.Refuse(9, "docker image rm", "No such image: myweb_image:server")
			return l.run(operate.NewDown(l.installed(), operate.DownOptions{Images: true}))
		}},
		{"down with images that docker does not list", newRecordedLab, func(l *lab) *record {
			l.Docker.Refuse(9, "docker image ls", "dial unix /var/run/docker.sock: connect: no such file or directory")
			return l.run(operate.NewDown(l.installed(), operate.DownOptions{Images: true}))
		}},
		{"down on an empty host", newLab, func(l *lab) *record { return l.run(operate.NewDown(l.installed(), operate.DownOptions{})) }},
	} {
		t.Run(scenario.name, func(t *testing.T) {
			t.Parallel()
			l := scenario.lab(t)
			r := scenario.run(l)
			l.awaitStopped()
			text := "== events\n" + story(r) + "== docker\n" + l.commands() + "== containers\n"
			for _, name := range l.Docker.Names() {
				text += name + "\n"
			}
			if strings.Contains(text, buildSecret) || strings.Contains(disk(l), "/lent") {
				t.Error("a secret of the build is left")
			}
			golden(t, "runs/"+strings.ReplaceAll(scenario.name, " ", "-"), l.neutral(text))
		})
	}
}

// story is what a run told, a line an event. What is measured, and what others print, differs from run to run.
func story(r *record) string {
	var lines []string
	for _, e := range r.events {
		if line := eventText(e); line != "" {
			lines = append(lines, line)
		}
	}
	result := r.result.Hosts["cloud"]
	lines = append(lines, strings.TrimSpace(fmt.Sprintf("host %s changed %d %s", result.Status, result.Changed, code(result.Err))))
	return strings.Join(measuredInOrder(lines), "\n") + "\n"
}

// eventText is an event without words; empty for one that differs from run to run.
func eventText(e provision.Event) string {
	text := strings.TrimSpace(e.Step + " " + e.Body.EventType())
	switch b := e.Body.(type) {
	case provision.StepProgress, provision.StepOutput, provision.StepCommand:
		return ""
	case provision.PlanReady:
		for _, c := range b.Changes {
			text += "\n    " + c.Step + " " + c.Action
		}
	case provision.Finding:
		text += fmt.Sprintf(" %s %s", b.Severity, b.Code)
	case provision.DecisionAsked:
		text += " " + string(b.Kind)
	case provision.DecisionMade:
		text += fmt.Sprintf(" %s %s", b.Kind, b.Answer)
	case provision.SiteCheck:
		text += fmt.Sprintf(" %s %s %d %s %s", b.Vantage, b.URL, b.Status, b.Server, b.Location)
	case provision.StepFinished:
		text += " " + string(b.Status)
	case provision.RunStarted:
		text += " " + strings.Join(b.Steps, " ")
	case provision.RunFinished:
		text += fmt.Sprintf(" changed %d status %d", b.Changed, b.ExitCode)
	}
	return strings.TrimRight(text, " ")
}

// measuredInOrder sorts answers that stand side by side: they came in any order.
func measuredInOrder(lines []string) []string {
	// Where all is well from here, nobody waits for what the host itself is still asking.
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.Contains(line, " site.measured host-") })
	is := func(line string) bool { return strings.Contains(line, " site.measured ") }
	for from := 0; from < len(lines); from++ {
		to := from
		for to < len(lines) && is(lines[to]) {
			to++
		}
		slices.Sort(lines[from:to])
		from = max(from, to)
	}
	return lines
}

// objectID is the id of a container or an image; a digest in a label stands behind an equals sign.
var objectID = regexp.MustCompile(` (sha256:)?[0-9a-f]{64}\b`)

// commands are the docker commands that changed something. What a release leaves behind is tidied up side by side, after the
// last container has got its name.
func (l *lab) commands() string {
	calls := changing(l.Docker.Calls())
	for i := len(calls) - 1; i >= 0; i-- {
		if strings.HasPrefix(calls[i], "docker rename ") {
			slices.Sort(calls[i+1:])
			break
		}
	}
	text := ""
	for _, call := range calls {
		text += call + "\n"
	}
	numbers := map[string]string{}
	return objectID.ReplaceAllStringFunc(text, func(id string) string {
		if numbers[id] == "" {
			numbers[id] = fmt.Sprintf(" #%d", len(numbers)+1)
		}
		return numbers[id]
	})
}

// awaitStopped waits until the releases that the run has retired have stopped, which the host is told by marks.
func (l *lab) awaitStopped() {
	l.t.Helper()
	stopping := func() bool {
		marks, _ := os.ReadDir(l.Path(stateDir + "/stopping"))
		return slices.ContainsFunc(marks, func(mark os.DirEntry) bool {
			info, err := mark.Info()
			return err == nil && info.Size() == 0
		})
	}
	for deadline := time.Now().Add(10 * time.Second); stopping(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			l.t.Fatal("a container is being stopped for too long")
		}
	}
}
