// Package tui is the wizard: a terminal interface that draws a run's events and answers its decisions. It holds no
// deployment logic: what it does beyond drawing are the functions of its Config.
package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"golang.org/x/term"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/startup"
	"github.com/kehuo/provision/tui/theme"
)

// Bubble Tea is initialised by now and has asked the terminal nothing.
func init() { startup.Done() }

// Config is what the wizard needs. Words, In, Out and Deploy must be set.
type Config struct {
	Words      *language.Printer
	In         io.Reader
	Out        io.Writer
	Env        []string // default: os.Environ
	NoColor    bool
	Accessible bool // plain questions and lines, for screen readers; also taken where TERM is dumb or Out is no terminal
	Verbose    bool // in the accessible mode: the commands too

	// Inventory is the file that the form writes. Form is nil where it exists already. Deploy is called after it has written.
	Inventory string
	Form      setup.Interview

	// Login tries to log in with the answers of the form, without a question and without a trace; nil: nobody tries.
	Login func(ctx context.Context, answers setup.Answers) error

	// Deploy runs the deployment. It is called again to retry, and goes on where it failed.
	Deploy func(ctx context.Context, sink provision.Sink, d provision.Decider) provision.RunFinished

	// LogFile returns the log of the current run; nil or an empty name: the events tell (RunStarted.LogFile).
	LogFile func() string
	// Files names the files that a person may want to edit when a step failed with these findings, the likeliest first; nil: none.
	Files func(step string, findings []provision.Finding) []page.File
	// Report makes a report in which all is masked but what was agreed to, page.Addresses for example; nil: no reports.
	Report func(agreed ...string) (text string, err error)
	// SaveReport writes it to ReportFile.
	SaveReport func(path, text string) error
	ReportFile string
	// Behind names what answers behind nginx in the container, from the outside in: gunicorn, flask. It is asked when a
	// deployment has succeeded; nil, or no names: that is not known.
	Behind func() []string
	// Cockpit makes the cockpit, which then has the screen: at once where nothing was to change, else where the person wants it. It
	// says notice at first, watches until ctx ends, keeps away true while another command has the terminal, and runs what it runs as
	// part of running. nil: it is not offered.
	Cockpit func(ctx context.Context, notice string, away *atomic.Bool, running *sync.WaitGroup) (tea.Model, error)
}

// Run shows the wizard until the person leaves it, and returns how the last deployment ended; its ExitCode is
// provision.ExitInterrupted where the person left before the end. When Run returns, no deployment runs any more and the
// terminal is as it was. An error is one of the terminal's or of the program's own, not of the deployment.
func Run(ctx context.Context, c Config) (provision.RunFinished, error) {
	env := environ(c.Env)
	if c.Accessible || !capable(c, env) {
		return accessible(ctx, c)
	}
	look := theme.New(c.Out, env, c.NoColor)
	var program *tea.Program
	act := newActions(context.WithoutCancel(ctx), c, env, func(msg tea.Msg) { program.Send(msg) })
	defer act.cancel()
	act.shell = hasShell()
	program = tea.NewProgram(newModel(c, look, time.Now, act), tea.WithInput(c.In), tea.WithOutput(c.Out), tea.WithEnvironment(env),
		tea.WithAltScreen(), tea.WithMouseCellMotion(), tea.WithoutSignalHandler())
	stop := watchSignals(ctx, act, program)
	last, err := program.Run()
	act.cancel()
	stop()
	model, _ := last.(*Model)
	return model.close(c, act, err)
}

// capable reports whether the terminal can show the wizard.
func capable(c Config, env []string) bool {
	in, inOK := c.In.(*os.File)
	out, outOK := c.Out.(*os.File)
	name := theme.Environ(env).Getenv("TERM")
	return inOK && outOK && term.IsTerminal(int(in.Fd())) && term.IsTerminal(int(out.Fd())) && name != "" && name != "dumb"
}

// watchSignals ends the program when it is told to by a signal or by its context; the terminal is restored on the way. The
// function that it returns ends the watch.
func watchSignals(ctx context.Context, act actions, program *tea.Program) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	ended := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		if awaitEnd(ctx, act, signals, ended) {
			act.cancel() // first: the program does not listen while another one has the terminal, and this ends that one
			program.Send(stopMsg{})
		}
	})
	return func() {
		signal.Stop(signals)
		close(ended)
		wg.Wait()
	}
}

// awaitEnd waits until the program is to end, and reports false where it has ended by itself. A ctrl+c that is typed while the editor or the pager has the terminal
// reaches this program too, as a signal and from whoever ends its context by that signal. It is not meant for it.
func awaitEnd(ctx context.Context, act actions, signals <-chan os.Signal, ended <-chan struct{}) bool {
	over := ctx.Done()
	for {
		select {
		case s := <-signals:
			if s != syscall.SIGINT || !act.away.Load() {
				return true
			}
		case <-over:
			if !act.away.Load() {
				return true
			}
			over = nil
		case <-ended:
			return false
		}
	}
}

// close waits for the deployment, and leaves the sum on the terminal, which is the ordinary one again.
func (m *Model) close(c Config, act actions, err error) (provision.RunFinished, error) {
	if m == nil {
		return provision.RunFinished{ExitCode: provision.ExitFailed}, err
	}
	if m.active {
		_, _ = fmt.Fprintln(c.Out, m.T("wizard.stopping"))
	}
	act.wg.Wait()
	if last := act.last.Load(); m.active && last != nil {
		m.ended, m.broken = last.Finished, last.Err
		m.run.Finished = &m.ended
	}
	finished := m.ended
	if m.active || m.stopped || m.leaving && finished.Hosts == nil {
		finished.ExitCode = provision.ExitInterrupted
	}
	if m.broken != nil {
		finished.ExitCode = provision.ExitFailed
		return finished, m.broken
	}
	if err != nil && !errors.Is(err, tea.ErrProgramKilled) {
		return finished, provision.Fail("wizard.terminal-unusable", err)
	}
	if err != nil {
		return finished, provision.Fail("wizard.broken", err)
	}
	m.sum(c.Out)
	return finished, nil
}

// environ is env, or that of the process for nil.
func environ(env []string) []string {
	if env == nil {
		return os.Environ()
	}
	return env
}
