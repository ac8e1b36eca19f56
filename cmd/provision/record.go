package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
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

// Emit implements reader.
func (r *recorder) Emit(e provision.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch b := e.Body.(type) {
	case provision.RunStarted:
		r.tried, r.findings = []string{b.Command}, nil
	case provision.StepCommand:
		r.tried = append(r.tried, e.Host+" "+e.Step+" $ "+b.Command)
	case provision.StepFinished:
		text := e.Host + " " + e.Step + " " + string(b.Status)
		if b.Err != nil {
			text += ": " + b.Err.Error()
		}
		r.tried = append(r.tried, text)
	case provision.Finding:
		r.findings = append(r.findings, b)
	}
}

// Close implements reader.
func (*recorder) Close() error { return nil }

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

// maskOf hides what is known of the inventory and of this machine to be nobody else's business; without an inventory, what
// the mask finds by itself. With names, names and addresses of hosts and users stay readable.
func maskOf(inv *inventory.Inventory, names bool) (diagnose.Mask, error) {
	mask := diagnose.Mask{ShowAddresses: names, ShowNames: names}
	if u, err := user.Current(); err == nil {
		mask.Users = append(mask.Users, u.Username)
	}
	if name, err := os.Hostname(); err == nil {
		mask.Hosts = append(mask.Hosts, name)
	}
	if inv == nil {
		return mask, nil
	}
	mask.Hosts = append(mask.Hosts, inv.Site.Domain)
	for _, h := range inv.Hosts {
		mask.Hosts = append(mask.Hosts, h.Name, h.Address)
		mask.Users = append(mask.Users, h.User)
	}
	if inv.Site.EnvironmentFile == "" {
		return mask, nil
	}
	if _, err := os.Stat(inv.Site.EnvironmentFile); errors.Is(err, fs.ErrNotExist) {
		return mask, nil
	}
	values, err := inventory.ReadEnvironment(inv.Site.EnvironmentFile)
	if err != nil {
		return mask, fmt.Errorf("read the secrets that the report must hide: environment_file %w", err)
	}
	for _, secret := range values { // an application may show it without the blanks and quotes that belong to it
		value := secret.Reveal()
		bare := strings.TrimSpace(value)
		mask.Secrets = append(mask.Secrets, secret, provision.NewSecret(bare), provision.NewSecret(strings.Trim(bare, `"'`)))
	}
	return mask, nil
}
