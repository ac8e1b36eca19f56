package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/inventory"
)

// recorder keeps what a report tells of a run: what was tried and what was found.
type recorder struct {
	mu       sync.Mutex
	tried    []string
	findings []provision.Finding
}

func (r *recorder) emit(e provision.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch b := e.Body.(type) {
	case provision.RunStarted:
		r.tried, r.findings = nil, nil
	case provision.StepCommand:
		r.tried = append(r.tried, e.Host+" "+e.Step+" $ "+b.Command)
	case provision.StepFinished:
		r.tried = append(r.tried, fmt.Sprintf("%s %s %s", e.Host, e.Step, b.Status))
	case provision.Finding:
		r.findings = append(r.findings, b)
	}
}

func (r *recorder) report(log string) diagnose.Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return diagnose.Report{
		Time: time.Now(),
		Versions: []diagnose.Version{
			{Name: "provision", Value: programVersion()},
			{Name: "system", Value: runtime.GOOS + "/" + runtime.GOARCH},
		},
		Tried:    append([]string(nil), r.tried...),
		Findings: append([]provision.Finding(nil), r.findings...),
		Log:      log,
	}
}

// maskOf hides what the inventory knows to be nobody else's business.
func maskOf(inv *inventory.Inventory) (diagnose.Mask, error) {
	mask := diagnose.Mask{Hosts: []string{inv.Site.Domain}}
	for _, h := range inv.Hosts {
		mask.Hosts = append(mask.Hosts, h.Name, h.Address)
		mask.Users = append(mask.Users, h.User)
	}
	if inv.Site.EnvironmentFile == "" {
		return mask, nil
	}
	content, err := os.ReadFile(inv.Site.EnvironmentFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return mask, fmt.Errorf("read the secrets that the report must hide: %w", err)
	}
	for line := range strings.Lines(string(content)) {
		if _, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(line, "#") && value != "" {
			mask.Secrets = append(mask.Secrets, provision.NewSecret(value))
		}
	}
	return mask, nil
}
