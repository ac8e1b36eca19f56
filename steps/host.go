package steps

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	images "github.com/kehuo/provision/provision/image"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/renewal"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/provision/transfer"
	"github.com/kehuo/provision/provision/tree"
)

// Host is one host of a deployment: the target that the engine walks through the eleven steps. A step gets from it what its
// struct names, and nothing else.
type Host struct {
	*Deployment
	host    inventory.Host
	command string // what the person typed, for the history
	begun   time.Time
	accept  bool // a host key that is not known yet
	room    bool // ask how much disk and memory is free

	site       release.Site
	connection *connection
	visitors   *visitors
	cutover    *release.Switch
	facts      *known
	bases      *bases
	there      hostFiles
	stranger   stranger
	disk       *survey.Disk
	names      names
	late       bool         // the order of the certificate waits for the release of this run
	wentBack   string       // the release that this run brings back, for the history: hosts may go back to different ones
	before     string       // the release that the host ran when this run connected to it
	ran        []state.Hook // hooks, for the history
}

// known is what the run knows of the host: a value that is replaced, never patched.
type known struct{ *facts.Facts }

// NewHost returns the target for one host of the deployment's inventory. command is what the person typed;
// acceptNewHostKey trusts a host that is not known yet.
func (d *Deployment) NewHost(h inventory.Host, acceptNewHostKey bool, command string) *Host {
	d = d.on(h)
	t := &Host{Deployment: d, host: h, accept: acceptNewHostKey, command: command, begun: time.Now(), facts: &known{}, bases: &bases{}}
	t.site = release.NewSite(h.Name, d.StateDir(), d.Inventory.Site)
	t.connection = &connection{host: h.Name, words: d.Words, stateDir: d.StateDir()}
	t.visitors = &visitors{demands: d.demands()}
	t.cutover = &release.Switch{
		Host: t.connection,
		Site: t.site,
		Look: func(ctx context.Context) (*facts.Facts, error) {
			err := t.gather(ctx)
			return t.facts.Facts, err
		},
		Moved: t.visitors.again,
		Fatal: func(log []string) bool {
			_, ended := diagnose.Ended(strings.Join(log, "\n"), t.place(diagnose.Run, nil), t.Words.Tag())
			return ended
		},
	}
	if d.rollout != nil {
		d.rollout.sent.count(t)
	}
	return t
}

// Name implements provision.Target.
func (h *Host) Name() string { return h.host.Name }

// Steps implements provision.Target: the tutorial's eleven, in its order.
func (h *Host) Steps() []provision.Step {
	var steps []provision.Step
	for _, e := range table() {
		steps = append(steps, e.make(h, step{e.id, h.Name(), h.Words}))
	}
	return steps
}

// Step returns one of the eleven.
func (h *Host) Step(id string) provision.Step {
	steps := h.Steps()
	return steps[slices.IndexFunc(steps, func(s provision.Step) bool { return s.ID() == id })]
}

// connect makes the connection and asks for every fact. The site is asked beside it, so that a run that has nothing to change knows
// at once whether it answers.
func (h *Host) connect(ctx context.Context, r *provision.Reporter) error {
	h.visitors.arrive(ctx)
	if h.obtained != nil {
		asked := make(chan struct{})
		go func() {
			defer close(asked)
			h.obtained.ask(ctx)
		}()
		defer func() { <-asked }()
	}
	client, err := h.dial(ctx, r.Ask, func(hostname string) {
		h.visitors.address = hostname
		h.visitors.here()
		h.askNames(ctx, hostname)
	})
	if err != nil {
		return provision.WithExit(provision.ExitUnreachable, err)
	}
	h.connection.client = client
	if err := h.ready(ctx, r); err != nil {
		return err
	}
	if h.Manifest != nil && h.Manifest.Likely() {
		h.there.ahead = transfer.Prepare(ctx, client, h.site.Directory, h.site.StateDir, h.Manifest)
	}
	h.visitors.host(client.DialContext)
	if err := h.gather(ctx); err != nil {
		return err
	}
	if err := h.adopt(ctx); err != nil {
		return err
	}
	h.joinAnswers()
	h.lookForBases(ctx, r)
	if h.Diffs {
		h.readTexts(ctx)
	}
	h.before = h.running()
	if held := h.connection.otherRun(h.facts); held != nil {
		r.Finding(provision.Finding{
			Severity: provision.SeverityInfo, Code: "lock.held",
			Cause: h.Words.T("lock.held", held.Owner.Who, h.Name(), held.Owner.Purpose, h.Words.Age(held.Quiet)), Fix: h.Words.T("lock.held.fix"),
		})
	}
	return nil
}

// readTexts reads what a plan shows of the host's files. Where that cannot be read, the plan names them all the same.
func (h *Host) readTexts(ctx context.Context) {
	if h.Manifest == nil || h.there.listing == nil {
		return
	}
	difference := transfer.Compare(h.Manifest, h.there.listing, h.Inventory.Site.Delete)
	h.there.texts, _ = difference.Texts(ctx, h.connection.Exec, h.site.Directory, func(e tree.Entry) bool {
		return e.Path == path.Clean(h.Inventory.Site.Key) || isEnvironment(path.Base(e.Path)) || slices.Contains([]string{".key", ".pem"}, path.Ext(e.Path))
	})
}

// dial connects and logs in; resolved is told where the SSH configuration leads.
func (h *Host) dial(ctx context.Context, ask func(context.Context, provision.Decision) (provision.Answer, error), resolved func(hostname string)) (*remote.Client, error) {
	return remote.Dial(ctx, remote.Config{
		Name:             h.host.Name,
		Address:          h.host.Address,
		Port:             h.host.Port,
		User:             h.host.User,
		Identity:         h.host.Identity,
		KnownHosts:       h.host.KnownHosts,
		AcceptNewHostKey: h.accept,
		Ask:              ask,
		Words:            h.Words,
		Link:             h.connection.linkChanged,
		Resolved:         resolved,
		Gate:             h.gate,
	})
}

// Begin implements provision.Target: it asks what must be asked before anything changes, takes the lock, lets what an interrupted
// run left behind come to its end, and looks again if anything may have changed meanwhile.
func (h *Host) Begin(ctx context.Context, r *provision.Reporter, changes []provision.Change) error {
	releases := h.Manifest != nil && changing(changes, Run)
	if err := forbidden(h.visitors.round.Arrived()); err != nil && releases {
		return provision.InStep(Run, h.site.NoWayIn(h.facts.Docker, err))
	}
	if err := h.stranger.askFirst(ctx, r, h.Words, h.site, h.facts.Container, changes); err != nil {
		return provision.InStep(Run, err)
	}
	lock, err := state.Take(ctx, h.connection.client, state.Claim{
		Directory: h.site.Directory, Who: h.Who, Purpose: h.command, Wait: h.WaitLock,
		Waiting: func(held state.Held) {
			r.Output(provision.StreamOut, h.Words.T("lock.waiting", held.Owner.Who, held.Owner.Purpose))
		},
	})
	if err != nil {
		return err
	}
	h.connection.lock.Store(lock)
	left, err := h.endLeftJobs(ctx, r)
	if err != nil {
		return err
	}
	if h.receives() && changing(changes, Build) {
		if err := h.beforeSent(ctx, r); err != nil {
			return err
		}
	}
	// Between the facts and the lock, another run may have come and gone: then the lock's number has moved on.
	if left || h.facts.Lock != nil || lock.Turn() != h.facts.Turn+1 {
		return h.gather(ctx)
	}
	return nil
}

// changing reports whether a step has changes.
func changing(changes []provision.Change, step string) bool {
	return slices.ContainsFunc(changes, func(c provision.Change) bool { return c.Step == step })
}

// endLeftJobs sees to the jobs of runs that were interrupted, and reports whether there were any. One that moves ports, or
// loads an image, comes to its end. A build of other files than ours must not give its image the site's name after us; one of the same files
// goes on, and the step that builds attaches to it.
func (h *Host) endLeftJobs(ctx context.Context, r *provision.Reporter) (bool, error) {
	left := false
	for _, id := range h.facts.Jobs {
		switch {
		case strings.HasPrefix(id, hookJob):
			if err := h.endLeftHook(ctx, r, id); err != nil {
				return left, err
			}
		case strings.HasPrefix(id, release.CutoverJob), strings.HasPrefix(id, images.Job):
			err := h.connection.attach(ctx, id, h.connection.lines(r))
			if err != nil && !errors.Is(err, remote.ErrNoJob) {
				r.Output(provision.StreamErr, h.Words.T("release.earlier-ended", h.Name(), h.Words.Error(err)))
			}
		case strings.HasPrefix(id, buildJob) && id != jobOf(h.Tree):
			if err := h.connection.forget(ctx, id); err != nil {
				return left, provision.Fail("fail.build-left", h.Name(), err)
			}
		default:
			continue
		}
		left = true
	}
	return left, nil
}

// Close implements provision.Target.
func (h *Host) Close(ctx context.Context, outcome provision.HostResult) error {
	h.visitors.leave()
	h.names.end(outcome.Err == nil && outcome.Changed > 0)
	if h.obtained != nil {
		h.obtained.leave(h.Name())
	}
	if h.receives() && h.Inventory.Site.BuildOn == inventory.BuildOnHere {
		h.rollout.sent.left()
	}
	if h.connection.client == nil {
		return nil
	}
	h.there.close()
	if h.Leads() {
		h.rollout.sent.forget(ctx)
	}
	lock := h.connection.lock.Load()
	if lock == nil {
		return h.connection.client.Close()
	}
	defer lock.Wait()
	defer func() { _ = h.connection.client.Close() }()
	return lock.Release(ctx, h.record(outcome))
}

// record is the run's line in the host's history.
func (h *Host) record(outcome provision.HostResult) state.Record {
	record := state.Record{
		Time:       time.Now().UTC(),
		Who:        h.Who,
		Command:    h.command,
		Release:    cmp.Or(h.wentBack, h.Release),
		Outcome:    "ok",
		Changed:    outcome.Changed,
		DurationMS: (time.Since(h.begun) - outcome.Waited).Milliseconds(),
		Hooks:      h.ran,
	}
	if outcome.Err != nil {
		record.Outcome = h.Words.Error(outcome.Err)
	}
	return record
}

// gather reads all facts again: one command, and beside it the questions to the Docker Engine.
func (h *Host) gather(ctx context.Context) error {
	query := facts.Query{
		Directory: h.site.Directory, Container: h.site.Container, Image: h.site.Image, Bases: h.baseNames(), Room: h.room,
		Timer:    renewal.Look(h.site.StateDir, h.site.Container, h.wantsTimer()),
		BuildKit: h.Manifest != nil && h.Inventory.Site.Build.NeedsBuildKit() != "", Pair: h.placed.Pair, Mark: rand.Text(),
	}
	if h.Manifest != nil {
		query.Files = transfer.HostScript(h.site.Directory, h.site.StateDir, h.Manifest, h.Reading)
	}
	known, err := facts.Gather(ctx, h.Name(), h.connection, query)
	if err != nil {
		return err
	}
	h.facts.Facts = known
	if h.Manifest == nil {
		return nil
	}
	listing, err := transfer.ParseHost(bytes.NewReader(known.Files))
	if err == nil && !listing.Complete(h.Manifest) { // a tree of very many new files is asked for once more, by their names
		err = h.connection.persist(ctx, func() (err error) {
			listing, err = listFiles(ctx, h.connection, h.site.Directory, h.Manifest, h.Reading)
			return err
		})
	}
	if err != nil {
		return provision.Fail("fail.list", h.site.Directory, h.Name(), err)
	}
	h.there.listing = listing
	return nil
}

// Explain implements provision.Explainer.
func (h *Host) Explain(step string, err error) []provision.Finding {
	var known interface{ Findings() []provision.Finding }
	if errors.As(err, &known) {
		return known.Findings()
	}
	var asked *provision.UnansweredError
	if errors.As(err, &asked) && !errors.As(err, new(*remote.DialError)) { // of a login, the catalogue knows more
		return []provision.Finding{{
			Severity: provision.SeverityError, Code: "unanswered", Cause: h.Words.T("unanswered.cause"), Evidence: asked.Decision.Question, Fix: asked.Decision.Remedy,
		}}
	}
	printed := h.connection.printed(step)
	findings := withAnswer(diagnose.Failure(err, printed, h.place(place(step), err), h.Words), err, h.Words)
	return h.located(step, findings, printed)
}

// Left implements provision.Stopper.
func (h *Host) Left(step string) *provision.Failure {
	if code := "step." + step + ".interrupt"; h.Words.Has(code) && !(step == Build && (h.receives() || h.bases.awaited(h.facts))) {
		return provision.Fail(code)
	}
	return provision.Fail("step.interrupt")
}

// Advice implements provision.Adviser: a plan has the warnings of a run, and leaves the rest to it.
func (h *Host) Advice(step string) []provision.Finding {
	var list []provision.Finding
	for _, p := range h.Report.Of(step) {
		if p.Finding.Severity == provision.SeverityWarning {
			list = append(list, p.Finding)
		}
	}
	if text := h.Inventory.Site.Hooks.BeforeBuild; text != "" && step == Build {
		list = append(list, provision.Finding{
			Severity: provision.SeverityInfo, Code: "hook.here",
			Cause: h.Words.T("hook.here.cause", "site.hooks."+beforeBuild, hookPatience), Evidence: text, Fix: h.Words.T("hook.here.fix"),
		})
	}
	return list
}

// Site is the site on this host.
func (h *Host) Site() release.Site { return h.site }

// Facts are what is known of the host.
func (h *Host) Facts() *facts.Facts { return h.facts.Facts }

// Connection is the host as a run reaches it.
func (h *Host) Connection() release.Host { return h.connection }

// Attach runs a docker command on the host with the given streams, once.
func (h *Host) Attach(ctx context.Context, cmd remote.Command) error {
	cmd.Sudo = h.connection.sudo
	return h.connection.client.Run(ctx, cmd)
}

// ForgetSite has the lock take the state folder with it when it is given back.
func (h *Host) ForgetSite() { h.connection.lock.Load().Forget() }

// TakeOver is the plan of replacing a stranger's container that has the site's name, which next does.
func (h *Host) TakeOver(c *docker.Container, next func(context.Context, *provision.Reporter) error) []provision.Change {
	return h.stranger.planned(h.Step(Run).(run).step, h.site, c, next)
}

// Complete is the change that ends an interrupted cutover.
func (h *Host) Complete(holder facts.Listed) provision.Change {
	return complete(h.Step(Run).(run).step, h.connection, h.cutover, h.facts, holder)
}

// GoesBack asks of the site what was asked of the release to go back to.
func (h *Host) GoesBack(to release.Target) {
	if to.Saved == nil || to.Saved.Demands == nil {
		return
	}
	h.visitors.demands = to.Demands(h.demands())
	h.visitors.again()
	h.visitors.host(h.connection.Dial)
}

// GoBack brings an earlier release back.
func (h *Host) GoBack(ctx context.Context, r *provision.Reporter, to release.Target) error {
	h.wentBack = to.ID
	live, err := h.cutover.GoBack(ctx, h.connection.report(r), to, to.Demands(h.demands()), h.facts.Docker)
	h.facts.Facts = h.facts.WithContainer(live)
	return err
}

// Survey is the host as status and doctor look at it. Answers that are still to come are waited for.
func (h *Host) Survey() survey.Host {
	_, docker := h.Step(Login).Plan()
	if needs := h.Inventory.Site.Build.NeedsBuildKit(); docker == nil && needs != "" && h.facts.NoBuildKit {
		docker = provision.Fail("build.no-buildkit", h.Name(), needs)
	}
	s := survey.Host{
		Name: h.Name(), Address: h.visitors.address, Site: h.Inventory.Site, Facts: h.facts.Facts, Sudo: h.connection.sudo,
		Docker:    docker,
		Directory: h.Step(Directory).(directory).mayKeep(h.site.Directory),
		Ports:     portsFree(h.site, h.facts.Facts),
		Results:   h.visitors.wait(),
		Disk:      h.disk,
		Renewal:   h.Renewed(),
	}
	if err := forbidden(s.Results); err != nil {
		s.SSHD = h.site.NoWayIn(h.facts.Docker, err)
	} else if err := state.EnoughSessions(h.connection.client); err != nil {
		s.SSHD = err
	}
	return s
}

// Watch is the host as the cockpit watches it: over a connection of the watch's own, whose login can ask nobody.
func (h *Host) Watch() *survey.Watch {
	address := h.host.Address
	return &survey.Watch{
		Host:  h.Name(),
		Query: facts.Query{Directory: h.site.Directory, Container: h.site.Container, Image: h.site.Image, Mark: rand.Text()},
		Connect: func(ctx context.Context) (survey.Connection, error) {
			return h.dial(ctx, nil, func(hostname string) { address = hostname })
		},
		Checks: func(dial probe.Dial) []probe.Check {
			return append(h.demands().FromHere(address), h.demands().FromHost(dial)...)
		},
		Names: func(ctx context.Context) survey.Names {
			return survey.AskNames(ctx, survey.AskSystem, h.Inventory.Site.Domain, address)
		},
	}
}

// Status tells what is deployed, and what a run would change of it. Where the source here cannot be held against the host,
// unknown says why.
func (h *Host) Status(unknown error) survey.Status {
	var drift []string
	if unknown == nil {
		drift, unknown = h.drift()
	}
	return h.Survey().Status(h.Earlier(), drift, unknown, h.Words)
}

// Earlier are the releases that the host can go back to. The one that is live may have a retired container too, where it was run
// once more.
func (h *Host) Earlier() []string {
	earlier := []string{}
	live := h.facts.Container
	for _, c := range h.site.Retired(h.facts.Containers) {
		if id := h.site.ReleaseOf(c.Name, c.Release); (live == nil || id != live.Label(docker.LabelRelease)) && !slices.Contains(earlier, id) {
			earlier = append(earlier, id)
		}
	}
	return earlier
}

// Measure asks what the site takes on the disk of the host's engine, for [Host.Survey].
func (h *Host) Measure(ctx context.Context) {
	if room := roomFor(ctx, h.connection, h.facts, h.site.LookForRoom(h.facts.Image)); room != nil {
		h.disk = &survey.Disk{Root: room.Root, Images: room.Ours, Free: room.Free}
	}
}

// Doctor connects to the host and examines it. It changes nothing there.
func (h *Host) Doctor(ctx context.Context, r *provision.Reporter) []survey.Check {
	h.room = true
	if err := h.Connect(ctx, r); err != nil {
		return []survey.Check{survey.Unreached(h.Words, h.Name(), err, h.remedy(err, diagnose.Connect))}
	}
	h.Measure(ctx)
	return h.Survey().Doctor(ctx, h.connection.client, h.Words, h.remedy)
}

// remedy is what the diagnosis advises; empty where it knows the failure no better than its own sentence does.
func (h *Host) remedy(err error, where diagnose.Where) string {
	for _, f := range diagnose.Failure(err, nil, h.place(where, err), h.Words) {
		if f.Severity != provision.SeverityUnknown {
			return f.Fix
		}
	}
	return ""
}

// drift is what a run would change, in words.
func (h *Host) drift() ([]string, error) {
	found := []string{}
	for _, step := range h.Steps() {
		changes, err := step.Plan()
		if err != nil {
			return found, err
		}
		for _, c := range changes {
			found = append(found, h.Words.T("status.change", c.Action, c.Reason))
		}
	}
	return found, nil
}

// upToDate reports whether the live container is the release that is wanted.
func (h *Host) upToDate() bool {
	return h.facts.Container != nil && h.Step(Run).(run).drift() == ""
}

// exitBeforeSwitch is the exit status of a release that fails before the ports move.
func (h *Host) exitBeforeSwitch() int { return h.site.FailedExit(h.facts.Docker) }

// place is the place of a failure, with what is known of the host: as it was dialled where that is what failed, for the SSH
// configuration may lead elsewhere than the inventory says.
func (h *Host) place(where diagnose.Where, err error) diagnose.Place {
	s := h.Inventory.Site
	p := diagnose.Place{
		Where: where, Host: cmp.Or(h.visitors.address, h.host.Address), Port: h.host.Port, User: h.host.User,
		Image: s.Image, Container: s.Container, Domain: s.Domain, Certificate: s.Certificate, Key: s.Key,
	}
	if h.host.Identity != "" {
		p.Identity = shell.Quote(h.host.Identity)
	}
	var dial *remote.DialError
	if errors.As(err, &dial) {
		p.Host, p.Port, p.User = dial.Host, dial.Port, cmp.Or(dial.User, p.User)
	}
	return p
}
