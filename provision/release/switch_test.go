package release

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/remote"
)

const taken = "Error response from daemon: driver failed programming external connectivity: listen tcp4 0.0.0.0:80: bind: address already in use"

// TestSwitch takes releases through all that can become of one, on a host that answers from a table; golden files have what the
// host is asked and what the person is told.
func TestSwitch(t *testing.T) {
	golden := newGolden(t, "switch.golden")
	late := func(r *Release) { r.Demands.Health.Timeout = time.Second }
	for _, c := range []struct {
		name    string
		known   facts.Docker
		release func(r *Release)
		cutover string
		host    func(h *fakeHost)
		exit    int
		code    string
	}{
		{name: "first release", host: func(*fakeHost) {}},
		{name: "first release that fails in public", host: func(h *fakeHost) { h.status[publicAddress] = []int{500} }},
		{name: "warm", known: oldLive(), host: func(*fakeHost) {}},
		{name: "warm fails and cold does not", known: oldLive(), host: func(h *fakeHost) {
			h.status[insideAddress] = []int{500}
			h.on("docker logs", "curl: (6) Could not resolve host: api.example.com\n")
			h.on("boot", inspected("new", "web-candidate", candidateAt(insideAddress)), inspected("new", "web-candidate", onBridge))
		}},
		{name: "cold on the host's network", known: oldLive(), release: func(r *Release) { r.Spec.Options = []string{"--network=host"} }, host: func(*fakeHost) {}},
		{name: "on a rootless engine", known: rootless(), host: func(h *fakeHost) { h.on("inside", "exec\n") }},
		{name: "on a rootless engine it fails inside", known: rootless(), release: late, cutover: inventory.CutoverWarm, host: func(h *fakeHost) {
			h.on("inside", "4711\n")
			h.status["inside refused"] = []int{1}
		}, exit: provision.ExitKeptOld, code: "release.kept-old"},
		{name: "on a rootless engine with no way inside", known: rootless(), host: func(*fakeHost) {}},
		{name: "never healthy", known: oldLive(), release: late, cutover: inventory.CutoverWarm, host: func(h *fakeHost) { h.status[insideAddress] = []int{503} },
			exit: provision.ExitKeptOld, code: "release.kept-old"},
		{name: "wrong page", known: oldLive(), host: func(h *fakeHost) { h.status[insideAddress] = []int{404} },
			exit: provision.ExitKeptOld, code: "release.kept-old"},
		{name: "docker cannot run it", known: oldLive(), host: func(h *fakeHost) { h.on("boot", exit(125, "no such image")) },
			exit: provision.ExitKeptOld, code: "release.kept-old"},
		{name: "first release without an internal network", host: func(h *fakeHost) {
			h.on("boot", exit(noNetworkExit, "Error response from daemon: could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network"),
				inspected("new", "web-candidate", onBridge))
		}},
		{name: "killed for its memory", known: oldLive(), release: late, cutover: inventory.CutoverWarm, host: func(h *fakeHost) {
			h.status[insideAddress] = []int{502}
			h.on("docker inspect web-candidate", inspected("new", "web-candidate", outOfMemory))
		}, exit: provision.ExitKeptOld, code: "release.kept-old"},
		{name: "killed for its memory at once", known: oldLive(), host: func(h *fakeHost) {
			h.on("boot", inspected("new", "web-candidate", ended(time.Unix(1, 0)), outOfMemory))
		}, exit: provision.ExitKeptOld, code: "release.kept-old"},
		{name: "first release that docker cannot run", host: func(h *fakeHost) { h.on("boot", exit(125, "no such image")) },
			exit: provision.ExitFailed, code: "release.failed"},
		{name: "settings that cannot be kept", known: oldLive(), release: func(r *Release) { r.Save = true },
			host: func(h *fakeHost) { h.on("save", exit(1, "No space left on device")) }, exit: provision.ExitKeptOld, code: "release.kept-old"},
		{name: "the link is lost while it boots", known: oldLive(), host: func(h *fakeHost) { h.status[insideAddress+" lost"] = []int{1, 1, 0} }},
		{name: "the link is lost for good", known: oldLive(), host: func(h *fakeHost) {
			h.status[insideAddress+" lost"] = []int{1}
			h.on("true", provision.WithExit(provision.ExitUnreachable, errors.New("no way to the host")))
		}, exit: provision.ExitUnreachable, code: "release.given-up"},
		{name: "fails in public and goes back", known: oldLive(), host: func(h *fakeHost) { h.status[publicAddress] = []int{500} },
			exit: provision.ExitKeptOld, code: "release.kept-old"},
		{name: "fails in public and cannot go back", known: oldLive(), host: func(h *fakeHost) {
			h.status[publicAddress] = []int{500}
			h.on("cutover_back", exit(1, "no such container"))
		}, exit: provision.ExitFailed, code: "release.not-back"},
		{name: "fails in public and the ports are lost", known: oldLive(), host: func(h *fakeHost) {
			h.status[publicAddress] = []int{500}
			h.on("cutover_back", exit(lostExit, taken))
			h.facts = &facts.Facts{Docker: facts.Docker{Container: container("old", "web"), Containers: []facts.Listed{
				{ID: "x", Name: "blog", Image: "blog:1", Status: "Up 1 second", Ports: port80}, listed("old", "web", "")}}}
		}, exit: provision.ExitFailed, code: "release.nobody-serves-after"},
		{name: "undone cutover", known: oldLive(), host: func(h *fakeHost) { h.on("cutover_warm", exit(undoneExit, "out-of-reach 12\n"+taken+"\nlater")) },
			exit: provision.ExitKeptOld, code: "release.kept-old"},
		{name: "undone cutover of a candidate without ports", known: oldLive(), host: func(h *fakeHost) { h.on("cutover_warm", exit(undoneExit, "out-of-reach 33184\n")) },
			exit: provision.ExitKeptOld, code: "release.kept-old"},
		{name: "undone cutover of a first release", host: func(h *fakeHost) { h.on("cutover_warm", exit(undoneExit, taken)) },
			exit: provision.ExitFailed, code: "release.failed"},
		{name: "undone cutover without ports", known: oldLive(), host: func(h *fakeHost) {
			h.on("cutover_warm", exit(lostExit, taken))
			h.on("ports", "LISTEN 0 5 0.0.0.0:80 0.0.0.0:* users:((\"python3\",pid=7,fd=3))\n")
			h.facts = &facts.Facts{Docker: facts.Docker{Container: container("old", "web", ended(time.Unix(1, 0))), Containers: []facts.Listed{
				{ID: "old", Name: "web", Status: "Exited (137)"}}}}
		}, exit: provision.ExitFailed, code: "release.nobody-serves"},
		{name: "the host reboots and the ports have moved", known: oldLive(), host: func(h *fakeHost) {
			h.on("cutover_warm", &remote.JobGoneError{Failure: provision.Fail("remote.job.gone", "aliyun", "x")})
			h.facts = &facts.Facts{Docker: facts.Docker{Container: container("old", "web"), Containers: []facts.Listed{
				listed("old", "web", ""), listed("new", "web-candidate", port80)}}}
		}},
		{name: "the host reboots and the ports have not moved", known: oldLive(), host: func(h *fakeHost) {
			h.on("cutover_warm", &remote.JobGoneError{Failure: provision.Fail("remote.job.gone", "aliyun", "x")}, "out-of-reach 150")
			h.facts = &facts.Facts{Docker: oldLive()}
		}},
		{name: "the host reboots again and again", known: oldLive(), host: func(h *fakeHost) {
			h.on("cutover_warm", &remote.JobGoneError{Failure: provision.Fail("remote.job.gone", "aliyun", "x")})
			h.facts = &facts.Facts{Docker: oldLive()}
		}, exit: provision.ExitKeptOld, code: "release.kept-old"},
		{name: "the host goes and stays away", known: oldLive(), host: func(h *fakeHost) {
			h.on("cutover_warm", &remote.JobGoneError{Failure: provision.Fail("remote.job.gone", "aliyun", "x")})
		},
			exit: provision.ExitFailed, code: "release.cutover-lost"},
		{name: "the name is not to be had", known: oldLive(), host: func(h *fakeHost) { h.on("names", exit(1, "name in use")) },
			exit: provision.ExitFailed, code: "release.names"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := newFakeHost(t)
			h.apart = c.known.Apart
			c.host(h)
			r := newRelease()
			if c.release != nil {
				c.release(&r)
			}
			s := h.newSwitch(c.cutover)
			s.pace.wrong = 100 * time.Millisecond
			live, err := s.Run(t.Context(), h.report(), r, c.known)
			if provision.ExitCode(err) != c.exit || provision.CodeOf(err) != c.code {
				t.Errorf("ends with %d, %v", provision.ExitCode(err), err)
			}
			golden.add(c.name, h.end(live, err))
		})
	}
}

// outOfMemory is a container in which the kernel has ended a process.
func outOfMemory(c *docker.Container) { c.State.OOMKilled = true }

// rootless is oldLive on a rootless engine: a container's address is somebody else's as seen from the host.
func rootless() facts.Docker {
	known := oldLive()
	known.Rootless, known.Apart = true, true
	return known
}

// TestLater is what becomes of a release once it is live: verified or not, and one that an interrupted run left without its name.
func TestLater(t *testing.T) {
	golden := newGolden(t, "later.golden")
	run := func(t *testing.T, h *fakeHost) (*Switch, *docker.Container) {
		t.Helper()
		s := h.newSwitch("")
		live, err := s.Run(t.Context(), h.report(), newRelease(), oldLive())
		if err != nil || live.ID != "new" || !s.Acted() || !s.Switched() || !s.Confirmed() {
			t.Fatalf("%v is live, %v", live, err)
		}
		h.transcript = nil
		return s, live
	}
	t.Run("tidy", func(t *testing.T) {
		h := newFakeHost(t)
		s, live := run(t, h)
		golden.add("tidy", h.end(live, s.Tidy(t.Context())))
	})
	t.Run("tidy after it ended", func(t *testing.T) {
		h := newFakeHost(t)
		s, live := run(t, h)
		h.on("tidy", "exited")
		if err := s.Tidy(t.Context()); provision.CodeOf(err) != "release.ended" {
			t.Error(err)
		} else {
			h.worded(err)
		}
		h.on("tidy", "")
		if err := s.Tidy(t.Context()); provision.CodeOf(err) != "release.ended-gone" || live == nil {
			t.Error(err)
		}
	})
	t.Run("fails later", func(t *testing.T) {
		h := newFakeHost(t)
		s, live := run(t, h)
		live, err := s.FailInPublic(t.Context(), h.report(), live, errors.New("it restarts"))
		if s.Switched() {
			t.Error("it still counts as switched")
		}
		golden.add("fails later", h.end(live, err))
	})
	t.Run("fails without a switch", func(t *testing.T) {
		h := newFakeHost(t)
		live := container("old", "web")
		live, err := h.newSwitch("").FailInPublic(t.Context(), h.report(), live, errors.New("it restarts"))
		golden.add("fails without a switch", h.end(live, err))
	})
	t.Run("started", func(t *testing.T) {
		h := newFakeHost(t)
		known := oldLive()
		known.Container = container("old", "web", ended(time.Unix(1, 0)))
		s := h.newSwitch("")
		live, err := s.Start(t.Context(), h.report(), known)
		if !live.Up() || !s.Acted() || s.Switched() {
			t.Errorf("%+v is live", live)
		}
		golden.add("started", h.end(live, err))
	})
	t.Run("completed", func(t *testing.T) {
		h := newFakeHost(t)
		known := facts.Docker{Container: container("old", "web"), Containers: []facts.Listed{listed("old", "web", ""), listed("new", "web-candidate", port80)}}
		s := h.newSwitch("")
		live, err := s.Complete(t.Context(), h.report(), *s.Site.Holder(known.Containers), known)
		if !s.Acted() || !s.Switched() || s.Confirmed() {
			t.Error("it does not count as switched, or as confirmed")
		}
		if _, err := s.FailInPublic(t.Context(), h.report(), live, errors.New("it does not answer")); provision.ExitCode(err) != provision.ExitKeptOld {
			t.Error(err)
		}
		golden.add("completed", h.end(live, err))
	})
}

// TestInterrupted: a run that is interrupted while its candidate boots removes it, and one that has moved the ports leaves them.
func TestInterrupted(t *testing.T) {
	t.Run("before the switch", func(t *testing.T) {
		h := newFakeHost(t)
		ctx, cancel := context.WithCancel(t.Context())
		report := h.report()
		report.Command = func(string) { cancel() }
		if _, err := h.newSwitch("").Run(ctx, report, newRelease(), oldLive()); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if text := strings.Join(h.transcript, "\n"); !strings.Contains(text, "exec remove web-candidate myweb") || strings.Contains(text, "job ") {
			t.Error(text)
		}
	})
	t.Run("after the switch", func(t *testing.T) {
		h := newFakeHost(t)
		ctx, cancel := context.WithCancel(t.Context())
		s := h.newSwitch("")
		s.Moved = cancel
		h.status[publicAddress] = []int{500}
		if _, err := s.Run(ctx, h.report(), newRelease(), oldLive()); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if text := strings.Join(h.transcript, "\n"); strings.Contains(text, "exec remove") || strings.Contains(text, "cutover-back") {
			t.Error(text)
		}
	})
}

func TestRollback(t *testing.T) {
	golden := newGolden(t, "rollback.golden")
	at := func(seconds int64) time.Time { return time.Unix(seconds, 0) }
	retired := []facts.Listed{listed("bold", "web-bbbbbbbbbbbb", ""), listed("cold", "web-cccccccccccc", "")}
	known := oldLive()
	known.Containers = append(known.Containers, retired...)
	kept := strings.TrimSuffix(inspected("bold", "web-bbbbbbbbbbbb", ended(at(1))), "]") + "," + strings.TrimPrefix(inspected("cold", "web-cccccccccccc", ended(at(2))), "[")
	saved := `{"tree":"feedfacefeedface","image":"myweb:feedfacefeed","spec":{"ports":["80:80"],"command":["run"],"restart":"always"},"asked":` +
		`{"ports":[{"Address":"","Host":80,"Container":80,"Protocol":"tcp"}],"health":{"Path":"/","Status":200,"Text":"","Timeout":20000000000},"server":"","domain":"","tls":false}}`
	for _, c := range []struct {
		name, asked, cutover string
		saved                any
		exit                 int
		code                 string
	}{
		{name: "to the one that was live last", saved: saved},
		{name: "to one asked for", asked: "bbbbbbbbbbbb", saved: exit(1, "No such file")},
		{name: "to a kept one that must be switched cold", cutover: inventory.CutoverCold, saved: saved},
		{name: "to a saved one", asked: "aaaaaaaaaaaa", saved: saved},
		{name: "to one that is gone", asked: "aaaaaaaaaaaa", saved: exit(1, "No such file"), exit: provision.ExitFailed, code: "release.back-gone"},
		{name: "to one that is unreadable", asked: "aaaaaaaaaaaa", saved: "{", exit: provision.ExitFailed, code: "release.saved-unreadable"},
		{name: "to no release", asked: "what?", exit: provision.ExitUsage, code: "release.back-name"},
		{name: "over a link that is gone", asked: "aaaaaaaaaaaa", saved: provision.WithExit(provision.ExitUnreachable, errors.New("gone")), exit: provision.ExitUnreachable},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newFakeHost(t)
			h.on("docker inspect bold cold", kept)
			h.on("docker image inspect --format {{.Id}} myweb:feedfacefeed", "sha256:feed\n")
			h.on("saved", c.saved)
			s := h.newSwitch(c.cutover)
			target, err := FindTarget(t.Context(), h, s.Site, known, c.asked)
			if provision.ExitCode(err) != c.exit || provision.CodeOf(err) != c.code {
				t.Errorf("ends with %d, %v", provision.ExitCode(err), err)
			}
			if err != nil {
				h.worded(err)
				return
			}
			live, err := s.GoBack(t.Context(), h.report(), target, target.Demands(newRelease().Demands), known)
			if err != nil {
				t.Error(err)
			}
			golden.add(c.name, h.end(live, err))
		})
	}
	t.Run("without an earlier one", func(t *testing.T) {
		h := newFakeHost(t)
		if _, err := FindTarget(t.Context(), h, h.newSwitch("").Site, oldLive(), ""); provision.CodeOf(err) != "release.back-none" {
			t.Error(err)
		}
	})
	t.Run("to the live one", func(t *testing.T) {
		h := newFakeHost(t)
		h.on("saved", saved)
		target, err := FindTarget(t.Context(), h, h.newSwitch("").Site, oldLive(), "oooooooooooo")
		if err != nil || target.Kept != nil || !IsLive(oldLive().Container, target.ID) {
			t.Errorf("goes to %+v, %v", target, err)
		}
	})
}

// TestSavedStaysReadable: hosts have such files from earlier versions of the program, and earlier versions read ours.
func TestSavedStaysReadable(t *testing.T) {
	h := newFakeHost(t)
	var text string
	if err := save(t.Context(), runner{run: func(cmd remote.Command) { text = string(cmd.Script) }}, h.newSwitch("").Site, newRelease()); err != nil {
		t.Fatal(err)
	}
	want := `'{"tree":"0123456789abcdef","image":"myweb:0123456789ab","spec":{"ports":["80:80"],"command":["bash","./start.sh"],"restart":"unless-stopped"},` +
		`"asked":{"ports":[{"Address":"","Host":80,"Container":80,"Protocol":"tcp"}],"health":{"Path":"/","Status":200,"Text":"","Timeout":20000000000},"server":"","domain":"","tls":false}}'`
	if got, _, _ := strings.Cut(text, "\n"); got != "set -- /d/.myweb.provision nnnnnnnnnnnn "+want {
		t.Errorf("keeps %s", got)
	}
}

// runner is a host that only runs commands.
type runner struct {
	Host
	run func(remote.Command)
}

func (r runner) Exec(_ context.Context, cmd remote.Command) ([]byte, error) {
	r.run(cmd)
	return nil, nil
}

// TestFirstSaid: what docker said afterwards is a consequence, and sends people the wrong way.
func TestFirstSaid(t *testing.T) {
	err := fmt.Errorf("job: %w", exit(undoneExit, "out-of-reach 12\nWARNING: no swap\n"+taken+"\nError response from daemon: endpoint x not found\n"))
	if got := notMoved(err); got.Values[0] != taken || !errors.As(got, new(*remote.ExitError)) {
		t.Errorf("says %v", got)
	}
	if got := notMoved(errors.New("the link is gone")); !strings.Contains(got.Error(), "the link is gone") {
		t.Errorf("says %v", got)
	}
}
