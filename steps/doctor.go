package steps

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/remote"
)

// Check is one row of what the doctor looked at.
type Check struct {
	Host    string             `json:"host,omitempty"` // empty for this machine and the site
	Name    string             `json:"name"`
	Verdict provision.Severity `json:"verdict"` // CheckOK, or how grave it is
	Detail  string             `json:"detail"`
	Fix     string             `json:"fix,omitempty"`
}

// CheckOK is the verdict on what is well.
const CheckOK provision.Severity = "ok"

// What the doctor finds too little, too far, or too late.
const (
	leastDisk   = 2 << 30 // bytes: an image of the tutorial's size, its layers while it is built, and the previous one
	leastMemory = 256 << 20
	mostSkew    = time.Minute // beyond it certificates and package signatures begin to look invalid
	slowLink    = 500 * time.Millisecond
	rateProbe   = 1 << 20 // bytes, each way
)

// examination looks at a machine, a host or a site and collects rows.
type examination struct {
	host   string
	checks []Check
}

func (e *examination) ok(name, format string, args ...any) {
	e.checks = append(e.checks, Check{e.host, name, CheckOK, fmt.Sprintf(format, args...), ""})
}

func (e *examination) bad(verdict provision.Severity, name, detail, fix string) {
	e.checks = append(e.checks, Check{e.host, name, verdict, detail, fix})
}

// Local examines this machine and the site's own files, without a connection.
func (d *Deployment) Local() []Check {
	e := &examination{}
	if socket := os.Getenv("SSH_AUTH_SOCK"); socket != "" {
		e.ok("SSH agent", "at %s", socket)
	} else {
		e.ok("SSH agent", "none; key files are used")
	}
	e.ok("source", "%d files, %d bytes in %s", len(d.Manifest.Entries), d.Manifest.Size(), d.site().Source)
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
		e.ok("site", "Dockerfile, nginx configuration and certificate pair are as they must be")
	}
	if d.site().Certificate != "" && !d.Report.Pair.NotAfter.IsZero() {
		e.ok("certificate", "%d days left, until %s, for %s", d.Report.Pair.DaysLeft(time.Now()),
			d.Report.Pair.NotAfter.Format(time.DateOnly), strings.Join(d.Report.Pair.Names, ", "))
	}
	return e.checks
}

// Doctor examines the host. It changes nothing there.
func (h *Host) Doctor(ctx context.Context, r *provision.Reporter) []Check {
	e := &examination{host: h.Name()}
	if err := h.Connect(ctx, r); err != nil {
		fix := "See the message."
		if findings := diagnose.Error(err, diagnose.Connect, h.Words.Tag()); len(findings) > 0 {
			fix = findings[0].Fix
		}
		e.bad(provision.SeverityError, "login", err.Error(), fix)
		return e.checks
	}
	e.ok("login", "as %s at %s", h.facts.User, h.client.Target())
	h.examineLink(ctx, e)
	h.examineMachine(e)
	h.examineDocker(e)
	h.examinePorts(e)
	h.examineNames(ctx, e)
	h.examineSite(e)
	return e.checks
}

// examineLink measures the round trip, as half of what a command costs that does nothing, and the rate both ways.
func (h *Host) examineLink(ctx context.Context, e *examination) {
	begun := time.Now()
	if err := h.client.Run(ctx, remote.Command{Script: ":"}); err != nil {
		e.bad(provision.SeverityError, "link", err.Error(), "Check the network between here and the host.")
		return
	}
	trip := time.Since(begun) / 2
	begun = time.Now()
	_, err := h.client.Output(ctx, remote.Command{Script: "head -c " + strconv.Itoa(rateProbe) + " /dev/zero"})
	if err != nil {
		e.bad(provision.SeverityError, "link", err.Error(), "Check the network between here and the host.")
		return
	}
	down := time.Since(begun)
	detail := fmt.Sprintf("round trip about %d ms, about %.1f MB/s from the host", trip.Milliseconds(), rateProbe/1e6/down.Seconds())
	if trip > slowLink {
		e.bad(provision.SeverityWarning, "link", detail, "Everything works, slowly; a host in a nearer region is faster.")
		return
	}
	e.ok("link", "%s", detail)
}

func (h *Host) examineMachine(e *examination) {
	f := h.facts
	if f.DiskFree < leastDisk {
		e.bad(provision.SeverityWarning, "disk", fmt.Sprintf("%d MB free in %s", f.DiskFree>>20, f.Parent),
			"Free room with `docker system prune`, or enlarge the disk in the cloud console.")
	} else {
		e.ok("disk", "%d GB free in %s", f.DiskFree>>30, f.Parent)
	}
	if f.MemoryFree < leastMemory {
		e.bad(provision.SeverityWarning, "memory", fmt.Sprintf("%d MB available", f.MemoryFree>>20),
			"Builds may be killed; add swap or choose a larger instance.")
	} else {
		e.ok("memory", "%d MB available", f.MemoryFree>>20)
	}
	if skew := time.Since(f.Clock).Abs(); skew > mostSkew {
		e.bad(provision.SeverityWarning, "clock", fmt.Sprintf("%s off from this machine", skew.Round(time.Second)),
			"Set it with `sudo timedatectl set-ntp true`.")
	} else {
		e.ok("clock", "agrees with this machine")
	}
	if _, err := (directory{h}).Plan(); err != nil {
		e.bad(provision.SeverityError, "directory", err.Error(), "See the message.")
	} else {
		e.ok("directory", "%s", h.site().Directory)
	}
}

func (h *Host) examineDocker(e *examination) {
	if h.facts.DockerError == "" {
		how := "as " + h.facts.User
		if h.sudo {
			how = "through sudo"
		}
		e.ok("Docker", "answers %s; %d containers", how, len(h.facts.Containers))
		return
	}
	fix := "See the message."
	if findings := diagnose.Failed(h.facts.DockerError, diagnose.Docker, h.Words.Tag()); len(findings) > 0 {
		fix = findings[0].Fix
	}
	e.bad(provision.SeverityError, "Docker", h.facts.DockerError, fix)
}

// examinePorts looks who has the ports on the host, and whether they can be reached from here.
func (h *Host) examinePorts(e *examination) {
	if err := (run{h}).portsFree(); err != nil {
		e.bad(provision.SeverityError, "ports on the host", err.Error(), "See the message.")
	} else {
		e.ok("ports on the host", "free, or the site's own")
	}
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
		e.bad(provision.SeverityWarning, "DNS", fmt.Sprintf("%s cannot be looked up from here: %v", domain, err),
			"Add an A record for it with the address of the host.")
		return
	}
	own, err := net.DefaultResolver.LookupHost(ctx, h.publicAddress())
	if err != nil {
		own = []string{h.publicAddress()}
	}
	if !slices.ContainsFunc(found, func(a string) bool { return slices.Contains(own, a) }) {
		e.bad(provision.SeverityWarning, "DNS", fmt.Sprintf("%s leads to %s, the host is at %s", domain, strings.Join(found, ", "), strings.Join(own, ", ")),
			"Point its A record at the host, unless a load balancer or a CDN stands in front.")
		return
	}
	e.ok("DNS", "%s leads to the host", domain)
}

// examineSite reports how the site answers now. Before the first deployment nothing does, and that is no fault.
func (h *Host) examineSite(e *examination) {
	results := h.probes.wait()
	if h.facts.Container == nil {
		e.ok("site", "not deployed yet")
		return
	}
	for _, result := range results {
		name := "from here, " + result.question.name
		if strings.HasPrefix(result.station, "host-") {
			name = "from the host, " + result.question.name
		}
		switch {
		case result.err == nil:
			e.ok(name, "%d in %d ms", result.answer.Status, result.answer.Duration.Milliseconds())
		case result.answer.Status == 0 && !strings.HasPrefix(result.station, "host-") && fromHost(results) == nil:
			e.bad(provision.SeverityError, name, result.err.Error(), "The port is closed in between: open it in the security group of the cloud host, and in its firewall.")
		default:
			e.bad(provision.SeverityError, name, result.err.Error(), firstFix(result.err, h))
		}
	}
}

func firstFix(err error, h *Host) string {
	if errors.Is(err, context.Canceled) {
		return "Try again."
	}
	if findings := diagnose.Error(err, diagnose.Site, h.Words.Tag()); len(findings) > 0 {
		return findings[0].Fix
	}
	return "See `provision logs`."
}
