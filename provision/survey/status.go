package survey

import (
	"fmt"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/state"
)

// Status is what is deployed on a host.
type Status struct {
	Host            string         `json:"host"`
	Site            string         `json:"site"`
	Release         string         `json:"release,omitempty"`
	Image           string         `json:"image"`
	ImageID         string         `json:"image_id,omitempty"`  // of the image that runs, else of the one that the name stands for
	TaggedID        string         `json:"tagged_id,omitempty"` // what the name stands for now
	Container       string         `json:"container"`
	State           string         `json:"state"` // as docker has it, or "absent"
	Since           string         `json:"since,omitempty"`
	Restarts        int            `json:"restarts,omitempty"` // by Docker, after the container had ended by itself
	Ports           []string       `json:"ports"`
	CertificateDays *int           `json:"certificate_days,omitempty"` // of the certificate that is served
	CertificateEnd  string         `json:"certificate_end,omitempty"`
	Renewal         *Renewal       `json:"renewal,omitempty"`       // of the certificate, by the host itself
	Answer          string         `json:"answer"`                  // "https 200, http 301", or what is wrong
	Results         []probe.Result `json:"-"`                       // what the answer is made of
	Drift           []string       `json:"drift"`                   // what a run would change; nothing where that cannot be told
	DriftUnknown    string         `json:"drift_unknown,omitempty"` // why it cannot
	Earlier         []string       `json:"earlier_releases"`
	Disk            *Disk          `json:"disk,omitempty"` // where the host can tell
	Lock            *Holder        `json:"lock,omitempty"`
}

// Renewal is what became of the last run of the timer by which a host renews its certificate.
type Renewal struct {
	Time    string `json:"time"`
	Changed bool   `json:"changed"` // there is a new pair since
	Error   string `json:"error,omitempty"`
}

// Verdict judges a renewal: one that failed has days to be mended, but somebody has to see it.
func (r *Renewal) Verdict() provision.Severity {
	if r.Error != "" {
		return provision.SeverityWarning
	}
	return CheckOK
}

// Text tells of the renewal.
func (r *Renewal) Text(words *language.Printer) string {
	at := r.Time
	if t, err := time.Parse(time.RFC3339, at); err == nil {
		at = t.Local().Format(time.DateTime)
	}
	switch {
	case r.Error != "":
		return words.T("renewal.failed", at, r.Error)
	case r.Changed:
		return words.T("renewal.renewed", at)
	}
	return words.T("renewal.not-due", at)
}

// Disk is that of a host's engine.
type Disk struct {
	Root   string `json:"root"`   // the engine's folder
	Images int64  `json:"images"` // bytes that the images of the site take: the live release's, earlier ones'
	Free   int64  `json:"free"`   // bytes
}

// Holder is who has the lock of a host.
type Holder struct {
	Who          string    `json:"who"` // user@machine
	Purpose      string    `json:"purpose"`
	Since        time.Time `json:"since"`
	QuietSeconds int       `json:"quiet_seconds"`           // since its last heartbeat
	AheadSeconds int       `json:"ahead_seconds,omitempty"` // how far that is dated ahead of the host's clock
	Alive        bool      `json:"alive"`                   // it was heard of within state.Expiry
}

// HolderOf is who a lock that is held belongs to; nil for nobody.
func HolderOf(held *state.Held) *Holder {
	if held == nil {
		return nil
	}
	return &Holder{held.Owner.Who, held.Owner.Purpose, held.Owner.Since, int(held.Quiet.Seconds()), int(held.Ahead.Seconds()), !held.Stale()}
}

// Status tells what is deployed. drift is what a run would change; where the source here cannot be held against the host,
// unknown says why.
func (h Host) Status(earlier, drift []string, unknown error, words *language.Printer) Status {
	s := h.Site
	o := Status{
		Host: h.Name, Site: s.Name, Image: s.Image, Container: s.Container, State: "absent", Disk: h.Disk,
		Ports: []string{}, Renewal: h.Renewal, Drift: append([]string{}, drift...), Earlier: append([]string{}, earlier...), Lock: HolderOf(h.Facts.Lock),
	}
	if image := h.Facts.Image; image != nil {
		o.ImageID, o.TaggedID = docker.ShortID(image.ID), docker.ShortID(image.ID)
	}
	if live := h.Facts.Container; live != nil {
		o.ImageID = docker.ShortID(live.Image)
		o.Release, o.State = live.Label(docker.LabelRelease), live.State.Status
		o.Since, o.Restarts = live.State.StartedAt.UTC().Format(time.RFC3339), live.RestartCount
	}
	for _, c := range h.Facts.Containers {
		if c.Name == s.Container && c.Ports != "" {
			o.Ports = strings.Split(c.Ports, ", ")
		}
	}
	h.answers(&o, words)
	if unknown != nil {
		o.DriftUnknown = words.Error(unknown)
	}
	return o
}

func (h Host) answers(o *Status, words *language.Printer) {
	var texts []string
	o.Results = byVantage(h.Results)
	for _, r := range o.Results {
		if r.Answer.Certificate != nil && r.FromHost() {
			days := probe.DaysLeft(r.Answer.Certificate, time.Now())
			o.CertificateDays, o.CertificateEnd = &days, r.Answer.Certificate.NotAfter.UTC().Format(time.DateOnly)
		}
		if r.Err != nil {
			texts = append(texts, r.Vantage+": "+words.Error(r.Err))
			continue
		}
		texts = append(texts, fmt.Sprintf("%s %d", r.Vantage, r.Answer.Status))
	}
	o.Answer = strings.Join(texts, ", ")
}
