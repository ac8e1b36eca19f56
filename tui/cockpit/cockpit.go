// Package cockpit shows a site on all of its hosts, live: a row a host, and beside them the log, the releases, the containers
// and the facts of one. It looks and changes nothing; what changes something is another command, which it lends the terminal to.
package cockpit

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/tui/theme"
)

// Config is what the cockpit needs; all of it but Notice must be set.
type Config struct {
	Words   *language.Printer
	In, Out *os.File
	Env     []string
	NoColor bool
	Site    string
	Watches []*survey.Watch // one a host, in the order in which they are shown
	Notice  string          // what is said at first; empty: nothing

	// Wanted is what the source here would be deployed as, by host; it is asked at the start and whenever another command has run.
	Wanted func(ctx context.Context) map[string]survey.Wanted
	// Hide masks the known secrets in text from a host.
	Hide func(string) string
	// Command is this program with other arguments, on one host.
	Command func(ctx context.Context, host string, args ...string) *exec.Cmd
	// Shell gives the terminal to a shell in a container, until that ends.
	Shell func(ctx context.Context, w *survey.Watch, container string) error
	// Browse shows a URL in the person's browser.
	Browse func(ctx context.Context, url string) error
}

// Open begins to watch, until ctx ends, and returns the cockpit for a program that has a screen for it. running waits for all that
// runs then; away is true while another command has the terminal.
func Open(ctx context.Context, c Config, away *atomic.Bool, running *sync.WaitGroup) tea.Model {
	w := &live{config: c, ctx: ctx, board: newBoard(c.Hide), away: away, running: running}
	for _, one := range c.Watches {
		running.Go(func() { one.Run(ctx, w.board.put) })
	}
	return newModel(c, theme.New(c.Out, c.Env, c.NoColor), time.Now, w)
}

// Run shows the cockpit until the person leaves it. When it returns nothing watches any more and the terminal is as it was.
func Run(ctx context.Context, c Config) error {
	watching, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var away atomic.Bool
	var running sync.WaitGroup
	program := tea.NewProgram(Open(watching, c, &away, &running), tea.WithInput(c.In), tea.WithOutput(c.Out), tea.WithEnvironment(c.Env),
		tea.WithAltScreen(), tea.WithMouseCellMotion(), tea.WithoutSignalHandler())
	stop := watchSignals(ctx, &away, func() {
		cancel() // first: this ends a command that has the terminal
		program.Quit()
	})
	_, err := program.Run()
	cancel()
	stop()
	running.Wait()
	if err != nil && !errors.Is(err, tea.ErrProgramKilled) {
		return provision.Fail("wizard.terminal-unusable", err)
	}
	if err != nil {
		return provision.Fail("wizard.broken", err)
	}
	return nil
}

// watchSignals ends the cockpit by a signal or its context. A ctrl+c that is typed while another command has the terminal reaches
// this program too, and is not meant for it. The function returned ends the watch.
func watchSignals(ctx context.Context, away *atomic.Bool, end func()) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	ended := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		over := ctx.Done()
		for {
			select {
			case s := <-signals:
				if s == syscall.SIGINT && away.Load() {
					continue
				}
			case <-over:
				if away.Load() {
					over = nil
					continue
				}
			case <-ended:
				return
			}
			end()
			return
		}
	})
	return func() {
		signal.Stop(signals)
		close(ended)
		watching.Wait()
	}
}

// world is what the model must not do itself: everything that takes time or touches the world.
type world interface {
	news() news                                       // what came since the last time
	follow(host, container string)                    // whose log to follow; empty: nobody's
	wanted() tea.Cmd                                  // brings wantedMsg
	run(host string, pause bool, a ...string) tea.Cmd // this program, with the terminal; brings returnedMsg
	shell(host, container string) tea.Cmd             // brings returnedMsg
	browse(url string) tea.Cmd                        // brings noticeMsg where it fails
	copy(url string) tea.Cmd
	reconnect(host string) // now, where there is no connection
}

type (
	// wantedMsg is what is wanted, by host.
	wantedMsg map[string]survey.Wanted
	// returnedMsg tells that the terminal is back, and how what had it has failed.
	returnedMsg struct{ err error }
	// noticeMsg is a failure to say in the footer.
	noticeMsg struct{ err error }
)

// live is the world of a cockpit that runs.
type live struct {
	config  Config
	ctx     context.Context
	board   *board
	away    *atomic.Bool // another command has the terminal
	running *sync.WaitGroup
	leave   context.CancelFunc // of the log that is followed; nil: none
}

func (l *live) news() news { return l.board.take() }

func (l *live) watch(host string) *survey.Watch {
	for _, w := range l.config.Watches {
		if w.Host == host {
			return w
		}
	}
	return nil
}

func (l *live) follow(host, container string) {
	if l.leave != nil {
		l.leave()
		l.leave = nil
	}
	add := l.board.begin()
	watch := l.watch(host)
	if watch == nil || container == "" {
		return
	}
	ctx, cancel := context.WithCancel(l.ctx)
	l.leave = cancel
	l.running.Go(func() {
		defer cancel()
		watch.Log(ctx, container, add)
	})
}

func (l *live) reconnect(host string) { l.watch(host).Reconnect() }

func (l *live) wanted() tea.Cmd { return func() tea.Msg { return wantedMsg(l.config.Wanted(l.ctx)) } }

func (l *live) run(host string, pause bool, args ...string) tea.Cmd {
	g := &guest{away: l.away, work: func(in io.Reader, out, errs io.Writer) error {
		cmd := l.config.Command(l.ctx, host, args...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, errs
		err := cmd.Run()
		if pause {
			_, _ = io.WriteString(out, "\n"+l.config.Words.T("dash.enter"))
			awaitEnter(in)
		}
		var status *exec.ExitError
		if errors.As(err, &status) { // it has said itself what was wrong
			return nil
		}
		return err
	}}
	return tea.Exec(g, func(err error) tea.Msg { return returnedMsg{err} })
}

func (l *live) shell(host, container string) tea.Cmd {
	g := &guest{away: l.away, work: func(io.Reader, io.Writer, io.Writer) error { return l.config.Shell(l.ctx, l.watch(host), container) }}
	return tea.Exec(g, func(err error) tea.Msg { return returnedMsg{err} })
}

func (l *live) browse(url string) tea.Cmd {
	return func() tea.Msg {
		if err := l.config.Browse(l.ctx, url); err != nil {
			return noticeMsg{provision.Fail("dash.no-browser", url, err)}
		}
		return nil
	}
}

// copy gives a URL to the clipboard of the terminal (OSC 52), which works through SSH as well.
func (l *live) copy(url string) tea.Cmd {
	return func() tea.Msg {
		_, err := io.WriteString(l.config.Out, ansi.SetSystemClipboard(url))
		if err != nil {
			return noticeMsg{err}
		}
		return nil
	}
}

// guest is work that has the terminal to itself.
type guest struct {
	away      *atomic.Bool
	work      func(in io.Reader, out, errs io.Writer) error
	in        io.Reader
	out, errs io.Writer
}

// Run implements tea.ExecCommand. A ctrl+c that was typed for the guest may still be on its way to us when that has ended.
func (g *guest) Run() error {
	g.away.Store(true)
	defer g.away.Store(false)
	defer time.Sleep(50 * time.Millisecond)
	return g.work(g.in, g.out, g.errs)
}

// SetStdin implements tea.ExecCommand.
func (g *guest) SetStdin(r io.Reader) { g.in = r }

// SetStdout implements tea.ExecCommand.
func (g *guest) SetStdout(w io.Writer) { g.out = w }

// SetStderr implements tea.ExecCommand.
func (g *guest) SetStderr(w io.Writer) { g.errs = w }

// awaitEnter reads up to the end of a line, byte by byte: what is typed after it is the cockpit's.
func awaitEnter(in io.Reader) {
	b := make([]byte, 1)
	for {
		if n, err := in.Read(b); err != nil || n == 1 && strings.ContainsAny(string(b), "\r\n") {
			return
		}
	}
}
