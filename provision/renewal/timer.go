package renewal

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// What starts a program once a day on a host.
const (
	Systemd = "systemd"
	Cron    = "cron"
)

// Found is what a host has of a timer.
type Found struct {
	Machine   string  // as uname -m has it; empty where nobody asked
	Scheduler string  // systemd, cron or none
	Last      *Result // of the timer's last run
	Installed string  // as Timer.Text; empty: there is none
}

// Look asks a host for its timer, for [ParseFound]; wanted, whether there is to be one. Where neither is so, nothing is printed.
func Look(stateDir, container string, wanted bool) shell.Text {
	word := ""
	if wanted {
		word = "wanted"
	}
	return lookScript.With(Folder(stateDir), unitOf(container), word)
}

// ParseFound reads what Look printed.
func ParseFound(text []byte) Found {
	var f Found
	var last, rest string
	f.Machine, rest, _ = strings.Cut(string(text), "\n")
	f.Scheduler, rest, _ = strings.Cut(rest, "\n")
	last, rest, _ = strings.Cut(rest, "\n")
	f.Last, f.Installed = parseResult(last), strings.TrimSpace(rest)
	return f
}

// Architecture is what Go calls the host's.
func (f Found) Architecture() string {
	switch f.Machine {
	case "x86_64":
		return "amd64"
	case "aarch64", "arm64":
		return "arm64"
	}
	return f.Machine
}

// Timer is what a host is to have.
type Timer struct {
	Settings
	StateDir  string
	User      string // who deploys there
	Scheduler string
	Program   []byte // compressed
}

// unitOf is what the timer of a site is called. A host has one container of a name.
func unitOf(container string) string { return "provision-renew-" + container }

// markOf is the first line of our units.
func markOf(directory string) string { return "# provision renews the certificate of " + directory }

func (t Timer) program() string { return Folder(t.StateDir) + "/" + programName }

// Text is the timer as a plan shows it, and as Look finds it.
func (t Timer) Text() (string, error) {
	unpacked, err := gzip.NewReader(bytes.NewReader(t.Program))
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, unpacked); err != nil { //nolint:gosec // our own
		return "", err
	}
	settings, err := t.settings()
	if err != nil {
		return "", err
	}
	text := "program " + hex.EncodeToString(sum.Sum(nil)) + "\n" + settings
	if t.Scheduler == Systemd {
		return text + t.service() + t.timer() + "enabled", nil
	}
	return text + t.line(), nil
}

func (t Timer) settings() (string, error) {
	text, err := json.MarshalIndent(t.Settings, "", "  ")
	return string(text) + "\n", err
}

// service is the unit that runs the program.
func (t Timer) service() string {
	return fmt.Sprintf(`%s
[Unit]
Description=Renew the certificate of %s
After=network-online.target docker.service

[Service]
Type=oneshot
User=%s
ExecStart=%s
TimeoutStartSec=10min
`, markOf(t.Directory), t.Container, t.User, strings.ReplaceAll(strings.ReplaceAll(strconv.Quote(t.program()), "%", "%%"), "$", "$$"))
}

// timer is the unit that starts it, at another time of each day and on each host.
func (t Timer) timer() string {
	return markOf(t.Directory) + `
[Unit]
Description=Look once a day whether the certificate of ` + t.Container + ` is due

[Timer]
OnCalendar=daily
RandomizedDelaySec=20h
Persistent=true

[Install]
WantedBy=timers.target
`
}

// line is that of the crontab. The time of the day is drawn from the names: cron knows no delay.
func (t Timer) line() string {
	sum := sha256.Sum256([]byte(t.Directory + "\n" + strings.Join(t.Certificate.Names, "\n")))
	run := strings.ReplaceAll(string(shell.Exec(t.program())), "%", `\%`)
	return fmt.Sprintf("%d %d * * * %s # %s", sum[0]%60, sum[1]%24, run, unitOf(t.Container))
}

// RootHost is a host on which a command can become root.
type RootHost interface {
	Host
	// Root runs a command as root.
	Root(ctx context.Context, cmd remote.Command) error
}

// Install puts the timer on a host. What another scheduler had of it goes.
func (t Timer) Install(ctx context.Context, host RootHost, name string, found Found) error {
	settings, err := t.settings()
	if err != nil {
		return err
	}
	steps := []func() error{
		func() error {
			return runScript(ctx, host, programScript.With(Folder(t.StateDir)), bytes.NewReader(t.Program))
		},
		func() error {
			return runScript(ctx, host, settingScript.With(Folder(t.StateDir)), strings.NewReader(settings))
		},
	}
	if t.Scheduler == Systemd {
		steps = append(steps, func() error {
			return host.Root(ctx, remote.Command{Script: timerScript.With(unitOf(t.Container), markOf(t.Directory), t.service(), t.timer())})
		})
		if found.inCrontab() {
			steps = append(steps, func() error { return runScript(ctx, host, crontabScript.With(unitOf(t.Container), ""), nil) })
		}
	} else {
		steps = append(steps, func() error { return runScript(ctx, host, crontabScript.With(unitOf(t.Container), t.line()), nil) })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return provision.Fail("renewal.uninstalled", name, err)
		}
	}
	return nil
}

func runScript(ctx context.Context, host Host, script shell.Text, input io.Reader) error {
	_, err := host.Exec(ctx, remote.Command{Script: script, Stdin: input})
	return err
}

func (f Found) inCrontab() bool {
	last := f.Installed[strings.LastIndexByte(f.Installed, '\n')+1:]
	return strings.Contains(last, " # provision-renew-")
}

// Remove takes a timer off a host.
func Remove(ctx context.Context, host RootHost, name, directory, stateDir, container string, found Found) error {
	var err error
	if strings.Contains(found.Installed, "\n[Timer]\n") {
		err = host.Root(ctx, remote.Command{Script: unitsRemoveScript.With(unitOf(container), markOf(directory))})
	}
	if err == nil && found.inCrontab() {
		err = runScript(ctx, host, crontabScript.With(unitOf(container), ""), nil)
	}
	if err == nil {
		err = runScript(ctx, host, removeScript.With(Folder(stateDir)), nil)
	}
	if err != nil {
		return provision.Fail("renewal.unremoved", name, err)
	}
	return nil
}
