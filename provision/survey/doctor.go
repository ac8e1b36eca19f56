// Package survey answers what is there without changing anything: status and doctor, from facts and probes.
package survey

import (
	"context"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/site"
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

// checkDocker is the ID of the check whether there is an engine that the user may talk to.
const checkDocker = "docker"

// What the doctor finds too little, too far, or too late.
const (
	leastDisk   = 2 << 30 // bytes: an image of the tutorial's size, its layers while it is built, and the previous one
	fullDisk    = 90      // percent of the disk that Docker's images are on
	leastMemory = 256 << 20
	mostSkew    = time.Minute // beyond it certificates and package signatures begin to look invalid
	slowLink    = 500 * time.Millisecond
	rateProbe   = 1 << 20 // bytes, each way
	fewDays     = 21      // of a certificate: Let's Encrypt renews 30 days before the end, so something is wrong by then
)

// examination collects rows.
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

// failed notes what keeps a run from succeeding, in the words of the failure that it would be.
func (e *examination) failed(id string, err error, fix string) {
	e.add(id, provision.SeverityError, e.words.Error(err), fix)
}

func (e *examination) add(id string, verdict provision.Severity, detail, fix string) {
	e.checks = append(e.checks, Check{id, e.host, e.words.T("doctor.name." + id), verdict, detail, fix})
}

// SourceBroken is the row for a source that cannot be read at all.
func SourceBroken(words *language.Printer, err error) Check {
	return Check{"source", "", words.T("doctor.name.source"), provision.SeverityError, words.Error(err), words.T("doctor.fix.source")}
}

// Source is the site on this machine.
type Source struct {
	Site   inventory.Site
	Files  int   // that would be uploaded
	Bytes  int64 // of them
	Report site.Report
}

// Examine examines this machine and the site's own files, without a connection.
func (s Source) Examine(words *language.Printer) []Check {
	e := &examination{words: words}
	if socket := os.Getenv("SSH_AUTH_SOCK"); socket != "" {
		e.ok("agent", "agent", socket)
	} else {
		e.ok("agent", "agent.none")
	}
	e.ok("source", "source", s.Files, s.Bytes, s.Site.Source)
	for _, p := range s.Report.Problems {
		place := p.File
		if p.Line > 0 {
			place += ":" + strconv.Itoa(p.Line)
		}
		if p.Finding.Severity != provision.SeverityInfo {
			e.bad(p.Finding.Severity, "site", place+": "+p.Finding.Cause, p.Finding.Fix)
		}
	}
	if len(s.Report.Errors("")) == 0 {
		e.ok("site", "site")
	}
	s.examinePair(e)
	return e.checks
}

func (s Source) examinePair(e *examination) {
	pair := s.Report.Pair
	if s.Site.Certificate == "" || pair.NotAfter.IsZero() {
		return
	}
	days := pair.DaysLeft(time.Now())
	args := []any{days, pair.NotAfter.Format(time.DateOnly), strings.Join(pair.Names, ", ")}
	if CertificateVerdict(days) != CheckOK {
		e.bad(CertificateVerdict(days), "certificate", e.words.T("doctor.certificate", args...), e.words.T("doctor.fix.certificate"))
		return
	}
	detail := e.words.T("doctor.certificate", args...)
	if !pair.RenewAt.IsZero() {
		detail += e.words.T("doctor.certificate.renewed", pair.RenewAt.Format(time.DateOnly))
	}
	e.add("certificate", CheckOK, detail, "")
}

// CertificateVerdict judges how many days a certificate has left.
func CertificateVerdict(days int) provision.Severity {
	switch {
	case days < 0:
		return provision.SeverityError
	case days < fewDays:
		return provision.SeverityWarning
	}
	return CheckOK
}

// Link is the connection to a host, as far as it is looked at.
type Link interface {
	Run(ctx context.Context, cmd remote.Command) error
	RoundTrip() time.Duration
	Target() string // as it is dialled
}

// Host is a host that is connected, with all that is known of it.
type Host struct {
	Name    string // in the inventory
	Address string // where the SSH configuration leads
	Site    inventory.Site
	Facts   *facts.Facts
	Sudo    bool // docker commands need it
	Results []probe.Result
	Disk    *Disk    // nil: not known
	Renewal *Renewal // of the certificate by the host itself; nil: there was none

	// Why there is no Docker to use, the site cannot live in its folder, cannot have its ports, or cannot be brought up through this
	// sshd; nil where it can.
	Docker, Directory, Ports, SSHD error
}

// Unreached is the one row of a host that could not be reached or let nobody in.
func Unreached(words *language.Printer, host string, err error, fix string) Check {
	return Check{CheckLogin, host, words.T("doctor.name." + CheckLogin), provision.SeverityError, words.Error(err), fix}
}

// Unready reports whether the check is one that a host fails which was never prepared.
func (c Check) Unready() bool {
	return c.Verdict == provision.SeverityError && (c.ID == CheckLogin || c.ID == checkDocker)
}

// Unprepared is the row for what preparing the host would change; none for nothing.
func Unprepared(words *language.Printer, host string, lacks []string) []Check {
	if len(lacks) == 0 {
		return nil
	}
	return []Check{{"prepare", host, words.T("doctor.name.prepare"), provision.SeverityInfo, strings.Join(lacks, "\n"), words.T("doctor.fix.prepare")}}
}

// Doctor examines a host. remedy is what the diagnosis advises against an error at a place. It changes nothing there.
func (h Host) Doctor(ctx context.Context, link Link, words *language.Printer, remedy func(error, diagnose.Where) string) []Check {
	e := &examination{words: words, host: h.Name}
	e.ok(CheckLogin, "login", h.Facts.User, link.Target())
	examineLink(ctx, e, link)
	h.examineMachine(e)
	h.examineDirectory(e)
	h.examineDocker(e, remedy)
	h.examineRoot(e)
	h.verdict(e, "ports", h.Ports)
	h.examineNames(ctx, e)
	h.verdict(e, "sshd", h.SSHD)
	h.examineSite(e, remedy)
	h.examineRenewal(e)
	return e.checks
}

// examineRenewal tells of the last run of the host's timer.
func (h Host) examineRenewal(e *examination) {
	if r := h.Renewal; r != nil {
		fix := ""
		if r.Error != "" {
			fix = e.words.T("doctor.fix.renewal")
		}
		e.add("renewal", r.Verdict(), r.Text(e.words), fix)
	}
}

func (h Host) verdict(e *examination, id string, err error) {
	if err != nil {
		e.failed(id, err, "")
		return
	}
	e.ok(id, id)
}

// examineLink tells the round trip, as it was during the login, and the rate both ways. A command costs one round trip.
func examineLink(ctx context.Context, e *examination, link Link) {
	trip := link.RoundTrip()
	var up time.Duration
	down, err := timed(ctx, link, remote.Command{Argv: []string{"head", "-c", strconv.Itoa(rateProbe), "/dev/zero"}})
	if err == nil {
		up, err = timed(ctx, link, remote.Command{Script: "cat >/dev/null", Stdin: io.LimitReader(zeroes{}, rateProbe)})
	}
	if err != nil {
		e.bad(provision.SeverityError, "link", e.words.Error(err), e.words.T("doctor.fix.link"))
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
func timed(ctx context.Context, link Link, cmd remote.Command) (time.Duration, error) {
	cmd.Stdout = io.Discard
	begun := time.Now()
	err := link.Run(ctx, cmd)
	return time.Since(begun), err
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func (h Host) examineMachine(e *examination) {
	f := h.Facts
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

func (h Host) examineDirectory(e *examination) {
	switch wanted := h.Site.Directory; {
	case h.Directory != nil:
		e.failed("directory", h.Directory, "")
	case h.Facts.DirectoryExists(wanted):
		e.ok("directory", "directory", wanted)
	default:
		e.ok("directory", "directory.new", wanted)
	}
}

func (h Host) examineDocker(e *examination, remedy func(error, diagnose.Where) string) {
	if h.Docker != nil {
		e.failed(checkDocker, h.Docker, remedy(h.Docker, diagnose.Docker))
		return
	}
	if h.Sudo {
		e.ok("docker", "docker.sudo", len(h.Facts.Containers))
		return
	}
	e.ok("docker", "docker", h.Facts.User, len(h.Facts.Containers))
}

// examineRoot looks at the disk of Docker's images, which may be another one than the site's.
func (h Host) examineRoot(e *examination) {
	f := h.Facts
	switch {
	case f.RootUsed == 0:
	case f.RootUsed >= fullDisk:
		e.bad(provision.SeverityWarning, "docker-disk", e.words.T("doctor.docker-disk", f.RootUsed, f.RootFree>>20, f.Root), e.words.T("doctor.fix.disk"))
	default:
		e.ok("docker-disk", "docker-disk", f.RootUsed, f.RootFree>>20, f.Root)
	}
	if h.Disk != nil {
		e.ok("images", "images", h.Disk.Images>>20, h.Disk.Root)
	}
}

// examineNames asks the DNS where visitors are sent.
func (h Host) examineNames(ctx context.Context, e *examination) {
	names := AskNames(ctx, AskSystem, h.Site.Domain, h.Address)
	if wrong := names.Finding(e.words); wrong != nil {
		e.bad(wrong.Severity, wrong.Code, wrong.Cause, wrong.Fix)
	} else if names.Domain != "" {
		e.ok("dns", "dns", names.Domain)
	}
}

// examineSite reports how the site answers now. Before the first deployment nothing does, and that is no fault.
func (h Host) examineSite(e *examination, remedy func(error, diagnose.Where) string) {
	if h.Facts.Container == nil {
		e.ok("answers", "answers.none")
		return
	}
	results := byVantage(h.Results)
	for _, result := range results {
		fromHere := !result.FromHost()
		switch {
		case result.Err == nil:
			e.ok("from."+result.Vantage, "answers", result.Answer.Status, result.Answer.Duration.Milliseconds())
		case result.Answer.Status == 0 && fromHere && probe.FirstError(probe.OfHost(results)) == nil:
			e.bad(provision.SeverityError, "from."+result.Vantage, e.words.Error(result.Err), e.words.T("doctor.fix.closed"))
		default:
			e.bad(provision.SeverityError, "from."+result.Vantage, e.words.Error(result.Err), remedy(result.Err, diagnose.Site))
		}
	}
}

// byVantage are results in the order in which they are shown.
func byVantage(results []probe.Result) []probe.Result {
	return slices.SortedFunc(slices.Values(results), func(a, b probe.Result) int { return strings.Compare(a.Vantage, b.Vantage) })
}
