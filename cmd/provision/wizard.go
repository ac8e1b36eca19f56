package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/provision/site"
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
		SaveReport: func(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) },
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
	result, err := tui.Run(ctx, config)
	if err != nil {
		return err
	}
	return exit(result.ExitCode)
}

// wizardRun is what the wizard may do more than once: it reads the inventory and the source anew for every try, because the
// person may have changed them in between.
type wizardRun struct {
	command *deployCommand

	mu      sync.Mutex
	log     string
	session *session
	nginx   []string // what stands behind the site's nginx, where that is known
	told    recorder
}

func (w *wizardRun) deploy(ctx context.Context, sink provision.Sink, decider provision.Decider) provision.RunFinished {
	failed := func(err error) provision.RunFinished {
		result := provision.RunFinished{ExitCode: provision.ExitCode(err), Hosts: map[string]provision.HostResult{
			"": {Status: provision.StatusFailed, Err: err},
		}}
		sink(provision.Event{Body: result})
		return result
	}
	w.begin("", nil, nil) // what the last try knew may not be so any more
	ctx, cancel := w.command.withTimeout(ctx)
	defer cancel()
	s, err := w.command.open("provision")
	if err != nil {
		return failed(err)
	}
	if _, err := steps.OfferFixes(ctx, s.inventory, s.words, decider, w.command.fix); err != nil {
		return failed(err)
	}
	deployment, err := steps.NewDeployment(ctx, s.inventory, s.words)
	if err != nil {
		return failed(err)
	}
	toLog, err := s.sink(nil)
	if err != nil {
		return failed(err)
	}
	asked := s.inventory.Site
	behind := site.Behind(os.DirFS(asked.Source), site.Site{Server: asked.Server, Command: asked.Command})
	w.begin(s.readers.logFile(), s, behind)
	both := func(e provision.Event) { toLog(e); w.told.Emit(e); sink(e) }
	result := provision.Run(ctx, s.targets(deployment), s.options(both, decider))
	if err := s.readers.close(); err != nil {
		return failed(err)
	}
	return result
}

func (w *wizardRun) begin(log string, s *session, behind []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log, w.session, w.nginx = log, s, behind
}

func (w *wizardRun) behind() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nginx
}

func (w *wizardRun) logFile() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log
}

// files are the ones that a person may want to edit when a step failed.
func (w *wizardRun) files(step string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.session == nil {
		return []string{w.command.inventory}
	}
	source := w.session.inventory.Site.Source
	dockerfile, config := filepath.Join(source, site.DockerfilePath), filepath.Join(source, site.DefaultConfigPath)
	number, _, _ := strings.Cut(step, "-")
	switch number {
	case "": // a lock that is held, for example: no file of this machine changes that
		return nil
	case "01": // nothing of the site has been looked at yet
		return []string{w.command.inventory}
	case "02", "09", "10": // where the site lies, its ports and settings
		return []string{w.command.inventory, dockerfile, config}
	case "05", "08":
		return []string{config, dockerfile, w.command.inventory}
	}
	return []string{dockerfile, config, w.command.inventory}
}

// report is what the wizard shows, and writes, for whoever helps; agreed names what is left unmasked.
func (w *wizardRun) report(agreed ...string) (string, error) {
	w.mu.Lock()
	s, log := w.session, w.log
	w.mu.Unlock()
	if s == nil {
		return "", errors.New("there is nothing to report: no run has begun")
	}
	content, err := os.ReadFile(log)
	if err != nil {
		return "", fmt.Errorf("read the log for the report: %w", err)
	}
	mask, err := maskOf(s.inventory, slices.Contains(agreed, page.Addresses))
	if err != nil {
		return "", err
	}
	return w.told.report(string(content)).Text(mask, s.words.Tag()), nil
}
