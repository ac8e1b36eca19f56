package steps

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/state"
)

// Overview is what is deployed on a host.
type Overview struct {
	Host            string   `json:"host"`
	Site            string   `json:"site"`
	Release         string   `json:"release,omitempty"`
	Image           string   `json:"image"`
	ImageID         string   `json:"image_id,omitempty"`
	Container       string   `json:"container"`
	State           string   `json:"state"` // as docker has it, or "absent"
	Since           string   `json:"since,omitempty"`
	Restarts        int      `json:"restarts,omitempty"` // by Docker, after the container had ended by itself
	Ports           []string `json:"ports"`
	CertificateDays *int     `json:"certificate_days,omitempty"` // of the certificate that is served
	CertificateEnd  string   `json:"certificate_end,omitempty"`
	Answer          string   `json:"answer"`                  // "https 200, http 301", or what is wrong
	Drift           []string `json:"drift"`                   // what a run would change; nothing where that cannot be told
	DriftUnknown    string   `json:"drift_unknown,omitempty"` // why it cannot
	Earlier         []string `json:"earlier_releases"`
	Lock            *Holder  `json:"lock,omitempty"`
}

// Holder is who has the lock of a host.
type Holder struct {
	Who          string    `json:"who"` // user@machine
	Purpose      string    `json:"purpose"`
	Since        time.Time `json:"since"`
	QuietSeconds int       `json:"quiet_seconds"` // since its last heartbeat
	Alive        bool      `json:"alive"`         // it was heard of within state.Expiry
}

func holder(held *state.Held) *Holder {
	if held == nil {
		return nil
	}
	return &Holder{held.Owner.Who, held.Owner.Purpose, held.Owner.Since, int(held.Quiet.Seconds()), !held.Stale()}
}

// Overview tells what is deployed, and what a run would change of it. The host must be connected. Where the source here cannot
// be held against it, sourceErr says why, and what is deployed is told all the same.
func (h *Host) Overview(sourceErr error) Overview {
	s := h.site()
	o := Overview{
		Host: h.Name(), Site: s.Name, Image: s.Image, Container: s.Container, State: "absent",
		Ports: []string{}, Drift: []string{}, Earlier: []string{},
	}
	if image := h.facts.Image; image != nil {
		o.ImageID = short(strings.TrimPrefix(image.ID, "sha256:"))
	}
	if live := h.facts.Container; live != nil {
		o.Release, o.State = live.Label(docker.LabelRelease), live.State.Status
		o.Since, o.Restarts = live.State.StartedAt.UTC().Format(time.RFC3339), live.RestartCount
	}
	for _, c := range h.facts.Containers {
		if c.Name == s.Container && c.Ports != "" {
			o.Ports = strings.Split(c.Ports, ", ")
		}
	}
	for _, c := range h.retired() {
		o.Earlier = append(o.Earlier, cmp.Or(c.Release, strings.TrimPrefix(c.Name, s.Container+"-")))
	}
	o.Lock = holder(h.facts.Lock)
	h.answers(&o)
	if sourceErr == nil {
		o.Drift, sourceErr = h.differences()
	}
	if sourceErr != nil {
		o.DriftUnknown = sourceErr.Error()
	}
	return o
}

// differences are what a run would change, in words.
func (h *Host) differences() ([]string, error) {
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

func (h *Host) answers(o *Overview) {
	var said []string
	results := h.probes.wait()
	slices.SortFunc(results, func(a, b result) int { return strings.Compare(a.station, b.station) })
	for _, result := range results {
		if result.answer.Certificate != nil && strings.HasPrefix(result.station, "host-") {
			days := probe.DaysLeft(result.answer.Certificate, time.Now())
			o.CertificateDays, o.CertificateEnd = &days, result.answer.Certificate.NotAfter.UTC().Format(time.DateOnly)
		}
		if result.err != nil {
			said = append(said, fmt.Sprintf("%s: %v", result.station, result.err))
			continue
		}
		said = append(said, fmt.Sprintf("%s %d", result.station, result.answer.Status))
	}
	o.Answer = strings.Join(said, ", ")
}

// History reads the host's history, the oldest record first.
func (h *Host) History(ctx context.Context) ([]state.Record, error) {
	out, err := h.exec(ctx, remote.Command{Script: state.History(h.site().Directory)})
	if err != nil {
		return nil, fmt.Errorf("read the history on %s: %w", h.Name(), err)
	}
	return state.ParseHistory(out), nil
}

// Holder is who has the lock; nil for nobody. The host must be connected.
func (h *Host) Holder() *Holder { return holder(h.facts.Lock) }

// Unlock removes the lock and returns who held it; nil where nobody did. One that another run has put there since the facts
// were read, while a person was asked perhaps, stays.
func (h *Host) Unlock(ctx context.Context) (*Holder, error) {
	if h.facts.Lock == nil {
		return nil, nil
	}
	_, err := h.exec(ctx, remote.Command{Script: state.Unlock(h.site().Directory, h.facts.Lock)})
	if err := state.Unlocked(h.Name(), h.site().Directory, err); err != nil {
		return nil, h.said(fmt.Errorf("remove the lock on %s: %w", h.Name(), err))
	}
	return h.Holder(), nil
}

// Attach runs a docker command on the host with the given streams: logs and exec.
func (h *Host) Attach(ctx context.Context, cmd remote.Command) error {
	cmd.Sudo = h.sudo
	return h.client.Run(ctx, cmd)
}

// Live is the site's container; nil where there is none.
func (h *Host) Live() *docker.Container { return h.facts.Container }
