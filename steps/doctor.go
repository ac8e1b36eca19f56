package steps

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/state"
)

// Check is one row of what the doctor looked at. The words are in the language of the run.
type Check struct {
	ID      string             `json:"id"`             // stable: "login", "disk"
	Host    string             `json:"host,omitempty"` // empty for this machine and the site
	Name    string             `json:"name"`
	Verdict provision.Severity `json:"verdict"` // CheckOK, or how grave it is
	Detail  string             `json:"detail"`
	Fix     string             `json:"fix,omitempty"`
}

// CheckOK is the verdict on what is well.
const CheckOK provision.Severity = "ok"

// CheckLogin is the ID of the check whether the host can be reached and lets the user in.
const CheckLogin = "login"

// What the doctor finds too little, too far, or too late.
const (
	leastDisk   = 2 << 30 // bytes: an image of the tutorial's size, its layers while it is built, and the previous one
	leastMemory = 256 << 20
	mostSkew    = time.Minute // beyond it certificates and package signatures begin to look invalid
	slowLink    = 500 * time.Millisecond
	rateProbe   = 1 << 20 // bytes, each way
	fewDays     = 21      // of a certificate: Let's Encrypt renews 30 days before the end, so something is wrong by then
)

// examination looks at a machine, a host or a site and collects rows.
type examination struct {
	words  *language.Printer
	host   string
	checks []Check
}

// ok notes that all is well; the detail is the catalogue's, with args filled in.
func (e *examination) ok(id, detail string, args ...any) {
	e.add(id, CheckOK, e.words.T("doctor."+detail, args...), "")
}

// bad notes what is not: detail and fix are texts.
func (e *examination) bad(verdict provision.Severity, id, detail, fix string) {
	e.add(id, verdict, detail, fix)
}

func (e *examination) add(id string, verdict provision.Severity, detail, fix string) {
	e.checks = append(e.checks, Check{id, e.host, e.words.T("doctor.name." + id), verdict, detail, fix})
}

// SourceBroken is the row for a source that cannot be read at all.
func SourceBroken(words *language.Printer, err error) Check {
	return Check{"source", "", words.T("doctor.name.source"), provision.SeverityError, err.Error(), words.T("doctor.fix.source")}
}

// Local examines this machine and the site's own files, without a connection.
func (d *Deployment) Local() []Check {
	e := &examination{words: d.Words}
	if socket := os.Getenv("SSH_AUTH_SOCK"); socket != "" {
		e.ok("agent", "agent", socket)
	} else {
		e.ok("agent", "agent.none")
	}
	e.ok("source", "source", len(d.Manifest.Entries), d.Manifest.Size(), d.site().Source)
	for _, p := range d.Report.Problems {
		place := p.File
		if p.Line > 0 {
			place += ":" + strconv.Itoa(p.Line)
		}
		if p.Finding.Severity != provision.SeverityInfo {
			e.bad(p.Finding.Severity, "site", place+": "+p.Finding.Cause, p.Finding.Fix)
		}
	}
	if len(d.Report.Errors("")) == 0 {
		e.ok("site", "site")
	}
	if pair := d.Report.Pair; d.site().Certificate != "" && !pair.NotAfter.IsZero() {
		days := pair.DaysLeft(time.Now())
		if days < fewDays {
			e.bad(provision.SeverityWarning, "certificate", e.words.T("doctor.certificate", days, pair.NotAfter.Format(time.DateOnly),
				strings.Join(pair.Names, ", ")), e.words.T("doctor.fix.certificate"))
		} else {
			e.ok("certificate", "certificate", days, pair.NotAfter.Format(time.DateOnly), strings.Join(pair.Names, ", "))
		}
	}
	return e.checks
}

// Doctor examines the host. It changes nothing there.
func (h *Host) Doctor(ctx context.Context, r *provision.Reporter) []Check {
	e := &examination{words: h.Words, host: h.Name()}
	h.room = true
	if err := h.Connect(ctx, r); err != nil {
		e.bad(provision.SeverityError, CheckLogin, err.Error(), h.remedy(err, diagnose.Connect))
		return e.checks
	}
	e.ok(CheckLogin, "login", h.facts.User, h.client.Target())
	h.examineLink(ctx, e)
	h.examineMachine(e)
	h.examineDirectory(e)
	h.examineDocker(e)
	h.examinePorts(e)
	h.examineNames(ctx, e)
	h.examineSSHD(e)
	h.examineSite(e)
	return e.checks
}

// examineLink tells the round trip, as it was during the login, and the rate both ways. A command costs one round trip.
func (h *Host) examineLink(ctx context.Context, e *examination) {
	trip := h.client.RoundTrip()
	var up time.Duration
	down, err := h.timed(ctx, remote.Command{Script: shell.Text("head -c " + strconv.Itoa(rateProbe) + " /dev/zero")})
	if err == nil {
		up, err = h.timed(ctx, remote.Command{Script: "cat >/dev/null", Stdin: io.LimitReader(zeroes{}, rateProbe)})
	}
	if err != nil {
		e.bad(provision.SeverityError, "link", err.Error(), e.words.T("doctor.fix.link"))
		return
	}
	// What one command costs anyway is not the rate's.
	rate := func(took time.Duration) float64 {
		return rateProbe / 1e6 / max(took-trip, time.Millisecond).Seconds()
	}
	args := []any{trip.Milliseconds(), rate(down), rate(up)}
	if trip > slowLink {
		e.bad(provision.SeverityWarning, "link", e.words.T("doctor.link", args...), e.words.T("doctor.fix.slow"))
		return
	}
	e.ok("link", "link", args...)
}

// timed runs a command and tells how long that took.
func (h *Host) timed(ctx context.Context, cmd remote.Command) (time.Duration, error) {
	cmd.Stdout = io.Discard
	begun := time.Now()
	err := h.client.Run(ctx, cmd)
	return time.Since(begun), err
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func (h *Host) examineMachine(e *examination) {
	f := h.facts
	if f.DiskFree < leastDisk {
		e.bad(provision.SeverityWarning, "disk", e.words.T("doctor.disk", f.DiskFree>>20, f.Parent), e.words.T("doctor.fix.disk"))
	} else {
		e.ok("disk", "disk", f.DiskFree>>20, f.Parent)
	}
	if f.MemoryFree < leastMemory {
		e.bad(provision.SeverityWarning, "memory", e.words.T("doctor.memory", f.MemoryFree>>20), e.words.T("doctor.fix.memory"))
	} else {
		e.ok("memory", "memory", f.MemoryFree>>20)
	}
	if skew := time.Since(f.Clock).Abs(); skew > mostSkew {
		e.bad(provision.SeverityWarning, "clock", e.words.T("doctor.clock.off", skew.Round(time.Second)), e.words.T("doctor.fix.clock"))
	} else {
		e.ok("clock", "clock")
	}
}

func (h *Host) examineDirectory(e *examination) {
	wanted := h.site().Directory
	_, err := (directory{h}).Plan()
	switch {
	case err != nil:
		e.bad(provision.SeverityError, "directory", err.Error(), "")
	case h.facts.DirectoryExists(wanted):
		e.ok("directory", "directory", wanted)
	default:
		e.ok("directory", "directory.new", wanted)
	}
}

func (h *Host) examineDocker(e *examination) {
	if h.facts.DockerError != "" {
		e.bad(provision.SeverityError, "docker", h.facts.DockerError, h.remedy(errors.New(h.facts.DockerError), diagnose.Docker))
		return
	}
	if h.sudo {
		e.ok("docker", "docker.sudo", len(h.facts.Containers))
		return
	}
	e.ok("docker", "docker", h.facts.User, len(h.facts.Containers))
}

// examinePorts looks who has the ports on the host.
func (h *Host) examinePorts(e *examination) {
	if err := (run{h}).portsFree(); err != nil {
		e.bad(provision.SeverityError, "ports", err.Error(), "")
		return
	}
	e.ok("ports", "ports")
}

// examineNames asks the DNS where visitors are sent.
func (h *Host) examineNames(ctx context.Context, e *examination) {
	domain := h.site().Domain
	if domain == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	found, err := net.DefaultResolver.LookupHost(ctx, domain)
	if err != nil {
		e.bad(provision.SeverityWarning, "dns", e.words.T("doctor.dns.unknown", domain, err), e.words.T("doctor.fix.dns-add"))
		return
	}
	own, err := net.DefaultResolver.LookupHost(ctx, h.address)
	if err != nil {
		own = []string{h.address}
	}
	if !slices.ContainsFunc(found, func(a string) bool { return slices.Contains(own, a) }) {
		e.bad(provision.SeverityWarning, "dns", e.words.T("doctor.dns.elsewhere", domain, strings.Join(found, ", "), strings.Join(own, ", ")),
			e.words.T("doctor.fix.dns-change"))
		return
	}
	e.ok("dns", "dns", domain)
}

// examineSSHD looks whether sshd allows what a run needs: a second session, and to ask a release whether it answers.
func (h *Host) examineSSHD(e *examination) {
	forbidden := h.probes.forbidden()
	switch err := h.said(state.EnoughSessions(h.client)); {
	case err != nil:
		e.bad(provision.SeverityError, "sshd", err.Error(), "")
	case forbidden != nil:
		e.bad(provision.SeverityError, "sshd", h.noWayIn(forbidden).Error(), "")
	default:
		e.ok("sshd", "sshd")
	}
}

// examineSite reports how the site answers now. Before the first deployment nothing does, and that is no fault.
func (h *Host) examineSite(e *examination) {
	results := h.probes.wait()
	if h.facts.Container == nil {
		e.ok("answers", "answers.none")
		return
	}
	slices.SortFunc(results, func(a, b result) int { return strings.Compare(a.station, b.station) })
	for _, result := range results {
		fromHere := !strings.HasPrefix(result.station, "host-")
		switch {
		case result.err == nil:
			e.ok("from."+result.station, "answers", result.answer.Status, result.answer.Duration.Milliseconds())
		case result.answer.Status == 0 && fromHere && fromHost(results) == nil:
			e.bad(provision.SeverityError, "from."+result.station, result.err.Error(), e.words.T("doctor.fix.closed"))
		default:
			e.bad(provision.SeverityError, "from."+result.station, result.err.Error(), h.remedy(result.err, diagnose.Site))
		}
	}
}

// remedy is what the diagnosis advises; empty where it knows the failure no better than its own sentence does.
func (h *Host) remedy(err error, where diagnose.Where) string {
	for _, f := range diagnose.Error(err, h.at(where, err), h.Words.Tag()) {
		if f.Severity != provision.SeverityUnknown {
			return f.Fix
		}
	}
	return ""
}
