package main

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/report"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/provision/site"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/tui"
	"github.com/kehuo/provision/tui/page"
)

// wizard runs with a person at the terminal. Everything that it does, the flags do headless.
func (d *deployCommand) wizard(ctx context.Context) error {
	words, err := d.words()
	if err != nil {
		return err
	}
	w := &wizardRun{command: d}
	config := tui.Config{
		Words:      words,
		In:         os.Stdin,
		Out:        os.Stdout,
		NoColor:    d.noColor,
		Accessible: d.accessible,
		Verbose:    d.verbose,
		Inventory:  d.inventory,
		Deploy:     w.deploy,
		LogFile:    w.logFile,
		Files:      w.files,
		Behind:     w.behind,
		Report:     w.report,
		SaveReport: d.saveReport,
		ReportFile: "provision-report.txt",
	}
	if d.report.file != "" {
		config.ReportFile = d.report.file
	}
	if _, err := os.Stat(d.inventory); errors.Is(err, os.ErrNotExist) {
		config.Form = setup.Setup{File: d.inventory, Words: words}
	} else if _, err := d.open("provision"); err != nil { // a wrong inventory is said before the screen is taken
		return err
	}
	cockpit := false
	if d.cockpit {
		config.Cockpit = func() { cockpit = true }
	}
	result, err := tui.Run(ctx, config)
	if err != nil {
		return err
	}
	if cockpit {
		return d.dash(ctx, survey.WatchInterval)
	}
	return exit(result.ExitCode)
}

// saveReport writes what the wizard has shown.
func (d *deployCommand) saveReport(path, text string) error {
	file, err := report.CreateFile(path, d.inventory)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// wizardRun is what the wizard may do more than once: it reads the inventory and the source anew for every try, because the
// person may have changed them in between.
type wizardRun struct {
	command *deployCommand

	mu      sync.Mutex
	session *session
	nginx   []string // what stands behind the site's nginx, where that is known
	told    report.Recorder
}

func (w *wizardRun) deploy(ctx context.Context, sink provision.Sink, decider provision.Decider) provision.RunFinished {
	failed := func(err error) provision.RunFinished {
		result := provision.RunFinished{ExitCode: provision.ExitCode(err), Hosts: map[string]provision.HostResult{
			"": {Status: provision.StatusFailed, Err: err},
		}}
		sink(provision.Event{Body: result})
		return result
	}
	w.begin(nil, nil) // what the last try knew may not be so any more
	ctx, cancel := w.command.withTimeout(ctx)
	defer cancel()
	s, err := w.command.open("provision")
	if err != nil {
		return failed(err)
	}
	asked := s.inventory.Site
	w.begin(s, site.Behind(os.DirFS(asked.Source), site.Of(asked)))
	result, err := s.deploy(ctx, decider, w.command.fix, &w.told, screen(sink))
	if err != nil {
		return failed(err)
	}
	return result
}

// screen is the wizard as a reader of events.
type screen provision.Sink

func (s screen) Emit(e provision.Event) { s(e) }

func (screen) Close() error { return nil }

func (w *wizardRun) begin(s *session, behind []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.session, w.nginx = s, behind
}

func (w *wizardRun) behind() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nginx
}

func (w *wizardRun) logFile() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.session == nil {
		return ""
	}
	return w.session.logPath()
}

// files are the ones that a person may want to edit when a step failed.
func (w *wizardRun) files(step string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.session == nil {
		return []string{w.command.inventory}
	}
	return steps.Editable(step, w.command.inventory, w.session.inventory)
}

// report is what the wizard shows, and writes, for whoever helps; agreed names what is left unmasked.
func (w *wizardRun) report(agreed ...string) (string, error) {
	w.mu.Lock()
	s := w.session
	w.mu.Unlock()
	if s == nil || s.logPath() == "" {
		return "", provision.Fail("report.nothing")
	}
	content, err := os.ReadFile(s.logPath())
	if err != nil {
		return "", provision.Fail("report.log-unread", err)
	}
	mask, err := report.MaskOf(s.inventory, slices.Contains(agreed, page.Addresses))
	if err != nil {
		return "", err
	}
	return w.told.Text(time.Now(), programVersion(), string(content), mask, s.words), nil
}
