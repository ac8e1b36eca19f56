package steps

import (
	"bytes"
	"context"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/certificate"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/renewal"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/site"
	"github.com/kehuo/provision/provision/survey"
)

// obtained is a certificate that the program obtains, which all hosts of a deployment share: there is one order for a set of names.
type obtained struct {
	keeper *certificate.Keeper // nil: the pair is there, and nobody renews it
	say    *language.Printer
	now    time.Time

	ordering sync.Mutex // one order at a time
	asking   sync.Once

	mu     sync.Mutex
	force  bool // it is renewed though it is not due
	insist bool // a renewal that fails is the run's own failure, though the pair before is still good
	pair   certificate.Pair
	window certificate.Window
	hosts  []*answering // that are connected: each of them answers the CA's challenges
}

// newObtained reads the pair from this machine.
func newObtained(keeper *certificate.Keeper, words *language.Printer) (*obtained, error) {
	pair, err := keeper.Load()
	if err != nil {
		return nil, err
	}
	return &obtained{keeper: keeper, say: words, now: time.Now(), pair: pair}, keeper.Check()
}

// known is the pair, and when the CA wants it to be renewed.
func (o *obtained) known() (certificate.Pair, certificate.Window) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.pair, o.window
}

// ask asks the CA, once, when the pair is to be renewed.
func (o *obtained) ask(ctx context.Context) {
	if o.keeper == nil {
		return
	}
	o.asking.Do(func() {
		pair, _ := o.known()
		window := o.keeper.Window(ctx, pair, o.now)
		o.mu.Lock()
		defer o.mu.Unlock()
		o.window = window
	})
}

// due reports whether there is no pair, or one that is to be renewed.
func (o *obtained) due() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.keeper == nil {
		return false
	}
	return o.pair.Leaf == nil || o.force || !o.now.Before(certificate.RenewAt(o.pair.Leaf, o.window))
}

// join has a host answer the CA too, from now on; leave ends that.
func (o *obtained) join(h *answering) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hosts = append(o.hosts, h)
}

func (o *obtained) leave(host string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hosts = slices.DeleteFunc(o.hosts, func(h *answering) bool { return h.host == host })
}

// connected are the hosts that can answer.
func (o *obtained) connected() []*answering {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.hosts)
}

// order has the CA sign a new pair, unless another host's turn did so meanwhile.
func (o *obtained) order(ctx context.Context, r *provision.Reporter, host string) error {
	o.ordering.Lock()
	defer o.ordering.Unlock()
	if !o.due() {
		return nil
	}
	before, _ := o.known()
	answers := &answers{obtained: o, own: host, reporter: r}
	defer answers.close(ctx)
	begun := time.Now()
	pair, err := o.keeper.Obtain(ctx, answers, before, func(code string, values ...any) {
		r.Progress(int64(time.Since(begun).Seconds()), int64(o.keeper.Patience().Seconds()), provision.UnitSeconds, o.say.T(code, values...))
	})
	if err != nil {
		return err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pair, o.window, o.force = pair, certificate.Window{}, false
	return nil
}

// names are those of the certificate, as a person is told them.
func (o *obtained) names() string {
	if o.keeper == nil {
		return strings.Join(o.pair.Leaf.DNSNames, ", ")
	}
	return strings.Join(o.keeper.Names, ", ")
}

// placed is where the pair lies on a host, and where its containers have it.
type placed struct {
	facts.Pair
	mounts                   []string // as docker run -v
	certificatePath, keyPath string   // in the container
}

// placement is where a certificate that is obtained lies; empty where nginx' configuration does not tell where it looks.
func placement(stateDir string, report site.Report) placed {
	if report.CertificatePath == "" || report.KeyPath == "" {
		return placed{}
	}
	p := placed{Pair: facts.Pair{
		Folder: path.Join(stateDir, "certificate"), Certificate: path.Base(report.CertificatePath), Key: path.Base(report.KeyPath),
		Challenges: path.Join(stateDir, "challenges"),
	}}
	p.certificatePath, p.keyPath = report.CertificatePath, report.KeyPath
	p.mounts = []string{p.Folder + ":" + path.Dir(report.CertificatePath) + ":ro"}
	if report.ChallengePath != "" {
		p.mounts = append(p.mounts, p.Challenges+":"+report.ChallengePath+":ro")
	}
	return p
}

// mounted reports whether a container has a folder of the host mounted.
func mounted(c *docker.Container, folder string) bool {
	return c != nil && slices.ContainsFunc(c.HostConfig.Binds, func(bind string) bool { return strings.HasPrefix(bind, folder+":") })
}

// keeping is the part of step 4 that obtains the certificate, brings it to the host, and has it served.
type keeping struct {
	step
	*obtained
	placed
	facts      *known
	connection *connection
	visitors   *visitors
	container  string
	late       *bool // the order waits for the release of this run
}

// Plan is what is to be done for a certificate on this host.
func (s keeping) Plan() ([]provision.Change, error) {
	pair, window := s.known()
	due := s.due()
	var action, reason string
	switch {
	case pair.Leaf == nil && s.cannotAnswer():
		action, reason = s.words.T("plan.acme.obtain", s.names(), s.keeper.CA()), s.words.T("plan.acme.reason-late", s.container)
		changes := one(action, reason, s.words.T("plan.summary.certificate"))
		changes[0].Apply = s.takeOver
		return changes, nil
	case pair.Leaf == nil:
		action, reason = s.words.T("plan.acme.obtain", s.names(), s.keeper.CA()), s.words.T("plan.acme.reason-none")
	case due:
		action = s.words.T("plan.acme.renew", s.names(), s.keeper.CA())
		reason = s.words.T("plan.acme.reason-due", s.daysLeft(pair), pair.Leaf.NotAfter.Format(time.DateOnly),
			certificate.RenewAt(pair.Leaf, window).Format(time.DateOnly))
		if s.now.Before(certificate.RenewAt(pair.Leaf, window)) {
			reason = "--force"
		}
	case !bytes.Equal(s.facts.Chain, bytes.TrimSpace(pair.Chain)):
		action = s.words.T("plan.acme.bring", s.names(), s.host)
		reason = s.words.T("plan.acme.reason-absent", s.host)
		if len(s.facts.Chain) > 0 {
			reason = s.words.T("plan.acme.reason-other", s.host)
		}
	case !s.facts.Answers:
		action, reason = s.words.T("plan.acme.bring", s.names(), s.host), s.words.T("plan.acme.reason-folder", s.host)
	default:
		return nil, nil
	}
	changes := one(action, reason, s.words.T("plan.summary.certificate"))
	changes[0].Apply = s.apply
	return changes, nil
}

// daysLeft are the whole days that a pair has left.
func (s keeping) daysLeft(p certificate.Pair) int { return probe.DaysLeft(p.Leaf, s.now) }

// cannotAnswer reports whether the live release keeps port 80 and was made without the folder of the challenges.
func (s keeping) cannotAnswer() bool {
	live := s.facts.Container
	return s.keeper.Challenge == inventory.ChallengeHTTP && len(s.mounts) > 1 && live != nil && live.Up() && !mounted(live, s.Challenges)
}

// takeOver has the next release serve the pair of the live one, so that it can answer the CA; the order follows then.
func (s keeping) takeOver(ctx context.Context, r *provision.Reporter) error {
	var texts [2][]byte
	for i, name := range []string{s.certificatePath, s.keyPath} {
		var err error
		if texts[i], err = s.connection.Exec(ctx, remote.Command{Argv: docker.Exec(s.container, false, "cat", name), Sudo: true, Limit: pairLimit}); err != nil {
			return provision.Fail("acme.not-answering", s.container, s.host).From(err)
		}
	}
	pair, err := certificate.ParsePair(texts[0], texts[1])
	if err != nil {
		return provision.Fail("acme.not-answering", s.container, s.host).From(err)
	}
	if err := s.service().Install(ctx, pair); err != nil {
		return err
	}
	if err := s.service().Keep(ctx); err != nil {
		return err
	}
	r.Output(provision.StreamOut, s.words.T("acme.taken-over", s.container))
	s.facts.Facts, *s.late = s.facts.WithPair(pair.Chain), true
	return nil
}

// pairLimit bounds a file of a pair in a container, in bytes.
const pairLimit = 64 << 10

// afterRelease obtains the certificate where the order had to wait for a release that answers.
func (s keeping) afterRelease(ctx context.Context, r *provision.Reporter) error {
	if !*s.late {
		return nil
	}
	*s.late = false
	return s.apply(ctx, r)
}

func (s keeping) apply(ctx context.Context, r *provision.Reporter) error {
	if s.due() {
		if err := s.order(ctx, r, s.host); err != nil {
			if ctx.Err() != nil || !s.goodWithout() {
				return err
			}
			r.Finding(s.postponed(err))
			if pair, _ := s.known(); bytes.Equal(s.facts.Chain, bytes.TrimSpace(pair.Chain)) && s.facts.Answers {
				return provision.ErrUnchanged
			}
		}
	}
	return s.bring(ctx, r)
}

// goodWithout reports whether a deployment goes on where the CA signs no new pair: the one before is still valid.
func (s keeping) goodWithout() bool {
	pair, _ := s.known()
	return !s.insist && pair.Leaf != nil && s.now.Before(pair.Leaf.NotAfter)
}

// postponed warns of a renewal that failed, which the next run tries again.
func (s keeping) postponed(err error) provision.Finding {
	pair, _ := s.known()
	f := diagnose.Failure(err, nil, diagnose.Place{Where: diagnose.Anywhere}, s.words)[0]
	f.Severity, f.Cause = provision.SeverityWarning, s.words.T("acme.postponed", f.Cause, s.daysLeft(pair))
	return f
}

// bring puts the pair on the host and has the running nginx serve it. One that it refuses, or does not serve, goes back at once.
func (s keeping) bring(ctx context.Context, r *provision.Reporter) error {
	pair, _ := s.known()
	if s.serves() {
		r.Command("docker exec " + shell.Quote(s.container) + " sh -c 'nginx -t && nginx -s reload'")
	}
	if err := s.service().Bring(ctx, pair); err != nil {
		return err
	}
	s.visitors.demands.Fingerprint = pair.Fingerprint()
	s.facts.Facts = s.facts.WithPair(pair.Chain)
	if s.serves() { // what visitors saw until now is no longer so
		s.visitors.again()
		s.visitors.host(s.connection.Dial)
	}
	return nil
}

// service is what serves the pair. A container that is not up, or has not the folder mounted, comes to it as it starts.
func (s keeping) service() renewal.Service {
	return renewal.Service{
		Host: s.connection, Name: s.host, Place: renewal.Place(s.Pair), Container: s.container, Up: s.serves(), Demands: s.visitors.demands,
	}
}

// serves reports whether the live container has what is put on the host.
func (s keeping) serves() bool {
	live := s.facts.Container
	return live != nil && live.Up() && mounted(live, s.Folder)
}

// Certificate is what is known of a certificate that the program obtains.
type Certificate struct {
	Names       []string        `json:"names"`
	CA          string          `json:"ca"`
	State       string          `json:"state"` // absent, valid, due or expired
	Serial      string          `json:"serial,omitempty"`
	NotBefore   string          `json:"not_before,omitempty"`
	NotAfter    string          `json:"not_after,omitempty"`
	Days        *int            `json:"days,omitempty"`
	RenewAt     string          `json:"renew_at,omitempty"`
	WindowStart string          `json:"window_start,omitempty"` // what the CA asks for
	WindowEnd   string          `json:"window_end,omitempty"`
	Folder      string          `json:"folder"`            // on this machine
	Renewal     *survey.Renewal `json:"renewal,omitempty"` // by the host itself
}

// The states of a certificate.
const (
	CertificateAbsent  = "absent"
	CertificateValid   = "valid"
	CertificateDue     = "due"
	CertificateExpired = "expired"
)

// needsObtained is the failure of a command that needs a certificate of the program's own.
func (d *Deployment) needsObtained() error {
	if d.obtained == nil || d.obtained.keeper == nil {
		return provision.Fail("acme.none", d.Inventory.File).WithExit(provision.ExitUsage)
	}
	return nil
}

// Certificate tells of the certificate that the program obtains, once the CA was asked when it is to be renewed.
func (d *Deployment) Certificate(ctx context.Context) (Certificate, error) {
	if err := d.needsObtained(); err != nil {
		return Certificate{}, err
	}
	o := d.obtained
	c := Certificate{Names: o.keeper.Names, CA: o.keeper.CA(), State: CertificateAbsent, Folder: o.keeper.Folder()}
	o.ask(ctx)
	pair, window := o.known()
	if pair.Leaf == nil {
		return c, nil
	}
	moment := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	days := probe.DaysLeft(pair.Leaf, o.now)
	c.Serial, c.Days = pair.Leaf.SerialNumber.Text(16), &days
	c.NotBefore, c.NotAfter, c.RenewAt = moment(pair.Leaf.NotBefore), moment(pair.Leaf.NotAfter), moment(certificate.RenewAt(pair.Leaf, window))
	c.WindowStart, c.WindowEnd = moment(window.Start), moment(window.End)
	switch {
	case o.now.After(pair.Leaf.NotAfter):
		c.State = CertificateExpired
	case o.due():
		c.State = CertificateDue
	default:
		c.State = CertificateValid
	}
	return c, nil
}

// RenewCertificate makes sure that there is a certificate to renew, and has it renewed though it is not due, where that is asked.
func (d *Deployment) RenewCertificate(force bool) error {
	if err := d.needsObtained(); err != nil {
		return err
	}
	d.obtained.mu.Lock()
	defer d.obtained.mu.Unlock()
	d.obtained.force, d.obtained.insist = force, true
	return nil
}

// RevokeCertificate has the CA revoke the certificate. The hosts go on serving it until there is another one.
func (d *Deployment) RevokeCertificate(ctx context.Context) error {
	if err := d.needsObtained(); err != nil {
		return err
	}
	pair, _ := d.obtained.known()
	if pair.Leaf == nil {
		return provision.Fail("acme.revoke-none", d.obtained.names())
	}
	return d.obtained.keeper.Revoke(ctx, pair)
}
