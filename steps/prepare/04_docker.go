package prepare

import (
	"context"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/prepare"
	"github.com/kehuo/provision/provision/remote"
)

// docker is the engine: installed, started, with bounded logs, and the deploy user's to use.
type docker struct {
	step
	user       string // the deploy user
	wanted     inventory.PrepareDocker
	facts      *known
	connection *connection
	look       func(context.Context) error
	dial       func(ctx context.Context, user string, ask ask) (*remote.Client, error)
}

func newDocker(h *Host, s step) provision.Step {
	return docker{s, h.deployUser(), h.Inventory.Prepare.Docker, h.facts, h.connection, h.gather, h.dial}
}

// Plan implements provision.Step.
func (s docker) Plan() ([]provision.Change, error) {
	if !s.facts.Root || s.facts.System.Family == prepare.Other {
		return nil, nil
	}
	var changes []provision.Change
	there := s.facts.Docker
	if !there.Engine {
		install, err := s.install()
		if err != nil {
			return nil, err
		}
		changes = append(changes, install...)
	}
	wanted, err := there.Daemon(s.wanted)
	if err != nil {
		return nil, provision.Fail("prepare.daemon-json", prepare.DaemonFile, s.step.host, err)
	}
	if wanted != there.DaemonText {
		changes = append(changes, s.change("daemon", prepare.Diff(prepare.DaemonFile, there.DaemonText, wanted), s.setDaemon))
	}
	if there.Version == "" || !there.Enabled && s.facts.System.Init == prepare.InitSystemd {
		changes = append(changes, s.change("engine", "", s.start))
	}
	if s.user != "root" && !s.facts.Account.In("docker") {
		changes = append(changes, s.change("group", "", s.join, s.user))
	}
	if more := s.buildx(); len(more) > 0 {
		changes = append(changes, s.change("buildx", "+ "+more[0]+"\n", s.job(s.facts.System.Install(more[:1], nil)), more[0]))
	}
	return changes, nil
}

// install is the plan of an engine that is not there.
func (s docker) install() ([]provision.Change, error) {
	host := s.facts.System
	engine, ok := host.Engine(s.wanted.Source)
	if !ok {
		return nil, provision.Fail("prepare.no-engine", host.Name, s.step.host, s.wanted.Source)
	}
	diff := "+ " + strings.Join(engine.Packages, "\n+ ") + "\n"
	if engine.Repository == nil {
		return []provision.Change{s.change("engine-own", diff, s.job(host.Install(engine.Packages, engine.Optional)), host.Name)}, nil
	}
	mirrors := s.facts.Docker.Mirrors
	if len(mirrors) == 0 {
		return nil, provision.Fail("prepare.no-mirror", s.step.host, strings.Join(prepare.Upstream(s.wanted.Source), ", "))
	}
	best, text := mirrors[0], engine.Repository.Text(mirrors[0].URL)
	return []provision.Change{
		s.change("repository", prepare.Diff(engine.Repository.File, s.facts.Docker.Repository, text), s.addRepository(*engine.Repository, best, text),
			best.URL, best.Latency.Milliseconds(), engine.Repository.Fingerprint),
		s.change("engine-upstream", diff, s.job(host.Install(engine.Packages, engine.Optional))),
	}, nil
}

// addRepository writes the key, which has the pinned fingerprint, and then what refers to it.
func (s docker) addRepository(r prepare.Repository, from prepare.Mirror, text string) func(context.Context, *provision.Reporter) error {
	return func(ctx context.Context, report *provision.Reporter) error {
		for _, file := range []struct{ path, text string }{{r.Key, string(from.Key)}, {r.File, text}} {
			cmd := prepare.Write(file.path, "644")
			if err := s.connection.Root(ctx, report, cmd, file.text); err != nil {
				return provision.Fail("prepare.command", cmd.Shown, s.step.host, err)
			}
		}
		return nil
	}
}

// buildx are the packages of BuildKit's client that the distribution has for the engine that is there.
func (s docker) buildx() []string {
	there := s.facts.Docker
	if there.Version == "" || there.Buildx {
		return nil
	}
	wanted := "docker-buildx"
	if there.Package == "docker-ce" {
		wanted = "docker-buildx-plugin"
	}
	for _, name := range there.Candidates {
		if name == wanted {
			return []string{name}
		}
	}
	return nil
}

func (s docker) job(cmd prepare.Command) func(context.Context, *provision.Reporter) error {
	return func(ctx context.Context, r *provision.Reporter) error {
		if err := s.connection.Job(ctx, r, cmd); err != nil {
			return provision.Fail("prepare.install", cmd.Shown, s.step.host, err)
		}
		return s.look(ctx)
	}
}

// setDaemon writes daemon.json. Containers that run are asked about before the engine is restarted; what it can take over without
// that it takes over at once.
func (s docker) setDaemon(ctx context.Context, r *provision.Reporter) error {
	if err := s.look(ctx); err != nil { // an installation may have started it
		return err
	}
	wanted, err := s.facts.Docker.Daemon(s.wanted)
	if err != nil {
		return provision.Fail("prepare.daemon-json", prepare.DaemonFile, s.step.host, err)
	}
	how := prepare.EngineRestart
	switch {
	case s.facts.Docker.Version == "":
		how = prepare.EngineStopped
	case s.facts.Docker.Running > 0:
		how = prepare.EngineReload
	}
	cmd := prepare.WriteDaemon(how)
	if err := s.connection.Root(ctx, r, cmd, wanted); err != nil {
		return provision.Fail("prepare.daemon", prepare.DaemonFile, s.step.host, err)
	}
	if how == prepare.EngineReload {
		if err := s.offerRestart(ctx, r); err != nil {
			return err
		}
	}
	return s.look(ctx)
}

// offerRestart asks whether containers that run may be interrupted; without a person they are not.
func (s docker) offerRestart(ctx context.Context, r *provision.Reporter) error {
	answer, err := r.Ask(ctx, provision.Decision{
		Kind:     provision.DecideRestart,
		Question: s.words.T("prepare.restart.question", s.step.host, s.facts.Docker.Running),
		Detail:   s.words.T("prepare.restart.detail"),
		Options: []provision.Option{
			{ID: provision.AnswerYes, Label: s.words.T("prepare.restart.yes")}, {ID: provision.AnswerNo, Label: s.words.T("prepare.restart.no")},
		},
		Default:  provision.AnswerNo,
		Headless: provision.AnswerNo,
	})
	if err != nil || answer.Choice != provision.AnswerYes {
		return err
	}
	cmd := s.facts.System.Service(prepare.ServiceRestart, "docker")
	if err := s.connection.Root(ctx, r, cmd, ""); err != nil {
		return provision.Fail("prepare.command", cmd.Shown, s.step.host, err)
	}
	return nil
}

// start starts the engine and lets the deploy user talk to it.
func (s docker) start(ctx context.Context, r *provision.Reporter) error {
	user := s.user
	if user == "root" {
		user = ""
	}
	cmd := prepare.StartEngine(user)
	if err := s.connection.Root(ctx, r, cmd, ""); err != nil {
		return provision.Fail("prepare.engine", s.step.host, err)
	}
	return s.look(ctx)
}

// join is start, unless that has been done by now.
func (s docker) join(ctx context.Context, r *provision.Reporter) error {
	if s.facts.Account.In("docker") {
		return nil
	}
	return s.start(ctx, r)
}

// Verify implements provision.Verifier: the deploy user asks the engine, in a login that has its groups.
func (s docker) Verify(ctx context.Context, r *provision.Reporter) error {
	if err := s.settled(s.Plan()); err != nil {
		return err
	}
	for _, f := range s.advice() {
		r.Finding(f)
	}
	if !s.facts.Root {
		return nil
	}
	client, err := s.dial(ctx, s.user, r.Ask)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	if _, err := client.Output(ctx, remote.Command{Argv: []string{"docker", "version", "--format", "{{.Server.Version}}"}}); err != nil {
		return provision.Fail("fail.docker", s.step.host, s.user, err)
	}
	return nil
}

// advice is what a person should know of the engine, whatever is changed.
func (s docker) advice() []provision.Finding {
	var list []provision.Finding
	if s.facts.Root && s.facts.System.Init != prepare.InitSystemd && s.facts.System.Family != prepare.Other {
		list = append(list, s.finding(provision.SeverityWarning, "no-systemd", s.step.host))
	}
	if s.facts.Docker.Stale && s.facts.Docker.Running > 0 {
		list = append(list, s.finding(provision.SeverityWarning, "restart-due", s.step.host, strconv.Itoa(s.facts.Docker.Running)))
	}
	return list
}
