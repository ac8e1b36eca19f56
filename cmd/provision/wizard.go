package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/report"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/provision/site"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/tui"
	"github.com/kehuo/provision/tui/cockpit"
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
		form := setup.Setup{File: d.inventory, Words: words}
		config.Form, config.Login = form, func(ctx context.Context, a setup.Answers) error { return tryLogin(ctx, form, a, words) }
	} else if _, err := d.open("provision"); err != nil { // a wrong inventory is said before the screen is taken
		return err
	}
	if d.leads {
		config.Cockpit = d.handOver
	}
	result, err := tui.Run(ctx, config)
	if err != nil {
		return err
	}
	return exit(result.ExitCode)
}

// tryLogin logs in with the answers of the form, and out again. It asks nobody and writes nothing.
func tryLogin(ctx context.Context, form setup.Setup, a setup.Answers, words *language.Printer) error {
	inv, err := form.Inventory(a)
	if err != nil {
		return err
	}
	h := inv.Hosts[0]
	client, err := remote.Dial(ctx, remote.Config{Address: h.Address, Port: h.Port, User: h.User, Identity: h.Identity, ReadOnly: true, Words: words})
	if err != nil {
		return err
	}
	return client.Close()
}

// handOver opens the cockpit on the screen of the wizard.
func (d *deployCommand) handOver(ctx context.Context, notice string, away *atomic.Bool, running *sync.WaitGroup) (tea.Model, error) {
	config, err := d.flags.cockpit(survey.WatchInterval)
	if err != nil {
		return nil, err
	}
	config.Notice = notice
	return cockpit.Open(ctx, config, away, running), nil
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
	s.diffs = true
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

// files are the ones that a person may want to edit when a step failed: those that the findings are about, and the step's own.
func (w *wizardRun) files(step string, findings []provision.Finding) []page.File {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.session == nil {
		return []page.File{{Path: w.command.inventory}}
	}
	var files []page.File
	add := func(file page.File) {
		if !slices.ContainsFunc(files, func(f page.File) bool { return f.Path == file.Path }) {
			files = append(files, file)
		}
	}
	for _, f := range findings {
		if f.File != "" && f.Grave() {
			add(page.File{Path: filepath.Join(w.session.inventory.Site.Source, filepath.FromSlash(f.File)), Line: f.Line})
		}
	}
	for _, path := range steps.Editable(step, w.command.inventory, w.session.inventory) {
		add(page.File{Path: path})
	}
	return files
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
