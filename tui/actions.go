package tui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui/feed"
	"github.com/kehuo/provision/tui/lines"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/theme"
)

// actions does what the model must not: everything that takes time or touches the world. Each action is a command that
// Bubble Tea runs beside the model.
type actions struct {
	ctx    context.Context
	cancel context.CancelFunc
	config Config
	env    []string
	send   func(tea.Msg)
	wg     *sync.WaitGroup           // the deployments
	last   *atomic.Pointer[Deployed] // how the last of them ended, also when the model is gone by then
	checks *checking
	logins *checking
	shell  bool         // there is one to go back to with ctrl+z
	away   *atomic.Bool // another program, the editor or the pager, has the terminal
}

type (
	editedMsg struct{ err error }
	pagedMsg  struct{ err error }
	logMsg    struct {
		number int // of the opening of the log that it was read for
		text   string
		cut    bool // there is more before it
		err    error
	}
	reportMsg struct {
		text   string
		agreed []string
		err    error
	}
	savedMsg     struct{ err error }
	withdrawnMsg struct{ err error }
	stopMsg      struct{} // the program is told to end, by a signal or by its context
)

func newActions(ctx context.Context, c Config, env []string, send func(tea.Msg)) actions {
	ctx, cancel := context.WithCancel(ctx)
	return actions{ctx: ctx, cancel: cancel, config: c, env: env, send: send, wg: &sync.WaitGroup{},
		last: &atomic.Pointer[Deployed]{}, checks: &checking{}, logins: &checking{}, away: &atomic.Bool{}}
}

func tick() tea.Cmd { return tea.Tick(spinning, func(time.Time) tea.Msg { return spin{} }) }

// deploy runs the deployment and brings its events and questions to the model.
func (a actions) deploy() tea.Cmd {
	a.wg.Add(1)
	return func() tea.Msg {
		defer a.wg.Done()
		deployed := a.run()
		a.last.Store(&deployed)
		return deployed
	}
}

func (a actions) run() (deployed Deployed) {
	f := feed.New(func(b feed.Batch) { a.send(b) })
	defer func() {
		f.Close()
		if p := recover(); p != nil {
			deployed = Deployed{Err: provision.Fail("wizard.deployment-broken", p, string(debug.Stack()))}
		}
	}()
	return Deployed{Finished: a.config.Deploy(a.ctx, f.Emit, decider{a.send})}
}

// decider asks whoever sits before the wizard.
type decider struct{ send func(tea.Msg) }

// Decide implements provision.Decider.
func (d decider) Decide(ctx context.Context, question provision.Decision) (provision.Answer, error) {
	reply := make(chan provision.Answer, 1)
	d.send(Asked{question, reply})
	select {
	case answer := <-reply:
		return answer, nil
	case <-ctx.Done():
		return provision.Answer{}, ctx.Err()
	}
}

// checking lets the newest check of the form win; commands may arrive in any order.
type checking struct {
	mu     sync.Mutex
	newest int
	cancel context.CancelFunc
}

func (c *checking) begin(ctx context.Context, number int) context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if number < c.newest {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx
	}
	if c.cancel != nil {
		c.cancel()
	}
	c.newest = number
	ctx, c.cancel = context.WithCancel(ctx)
	return ctx
}

// pause is how long the form waits for the next letter before it checks.
const pause = 120 * time.Millisecond

func (a actions) check(msg page.CheckMsg) tea.Cmd {
	ctx := a.checks.begin(a.ctx, msg.Number)
	return func() tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		form := a.config.Form
		checked := map[string]page.Checked{}
		for _, q := range setup.FirstQuestions() {
			if msg.Values[q.Name] == "" && !q.Optional {
				continue
			}
			note, err := form.Check(q.Name, msg.Values[q.Name], msg.Values)
			if ctx.Err() != nil {
				return nil
			}
			checked[q.Name] = page.Checked{Note: note, Err: err}
		}
		return page.CheckedMsg{Number: msg.Number, Fields: checked, Offers: form.Follow(msg.Offers, msg.Values)}
	}
}

func (a actions) suggest() tea.Cmd {
	return func() tea.Msg { return page.SuggestionsMsg(a.config.Form.Suggest()) }
}

// patience is how long a login in the background may take.
const patience = 10 * time.Second

// login tries the login, once the person has not changed anything about it for a moment. The newest wins.
func (a actions) login(values setup.Answers) tea.Cmd {
	if a.config.Login == nil {
		return nil
	}
	ctx := a.logins.begin(a.ctx, 0)
	return func() tea.Msg {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		err := a.config.Login(ctx, values)
		return page.LoginTriedMsg{Values: values, Err: err}
	}
}

func (a actions) withdraw(values setup.Answers) tea.Cmd {
	return func() tea.Msg { return withdrawnMsg{a.config.Form.Withdraw(values)} }
}

func (a actions) write(values setup.Answers) tea.Cmd {
	return func() tea.Msg { return page.WroteMsg{Err: a.config.Form.Write(values)} }
}

func (a actions) report(agreed []string) tea.Cmd {
	return func() tea.Msg {
		text, err := a.config.Report(agreed...)
		return reportMsg{text, agreed, err}
	}
}

func (a actions) save(text string) tea.Cmd {
	return func() tea.Msg { return savedMsg{a.config.SaveReport(a.config.ReportFile, text)} }
}

// logTail is how much of a log file's end the wizard shows, in bytes.
const logTail = 1 << 20

func (a actions) readLog(file string, number int) tea.Cmd {
	return func() tea.Msg {
		text, cut, err := tail(file, logTail)
		return logMsg{number, text, cut, err}
	}
}

func (a actions) readLogLater(file string, number int) tea.Cmd {
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return a.readLog(file, number)() })
}

// tail reads the last limit bytes of a file, from the start of a line.
func tail(file string, limit int64) (text string, cut bool, err error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) || file == "" {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return "", false, err
	}
	from := max(info.Size()-limit, 0)
	content, err := io.ReadAll(io.NewSectionReader(f, from, limit))
	if err != nil {
		return "", false, err
	}
	if from > 0 {
		_, content, _ = bytes.Cut(content, []byte("\n"))
	}
	return string(content), from > 0, nil
}

// edit opens file in the editor of VISUAL or EDITOR, vi if there is none, at its line. Both may hold arguments, as everywhere in Unix.
func (a actions) edit(file page.File) tea.Cmd {
	editor := a.program("vi", "VISUAL", "EDITOR")
	return a.lend(a.on(editor, atLine(editor, file)...), func(err error) tea.Msg { return editedMsg{err} })
}

// atLine are the arguments that open a file at its line: +LINE for the editors of a terminal, and what those of a window take.
func atLine(editor string, file page.File) []string {
	if file.Line == 0 {
		return []string{file.Path}
	}
	name, _, _ := strings.Cut(strings.TrimSpace(editor), " ")
	switch filepath.Base(name) {
	case "code", "code-insiders", "codium", "cursor":
		return []string{"--goto", lines.Place(file.Path, file.Line)}
	case "hx", "helix", "subl", "zed":
		return []string{lines.Place(file.Path, file.Line)}
	}
	return []string{"+" + strconv.Itoa(file.Line), file.Path}
}

// pager opens file in the pager of PAGER, less if there is none.
func (a actions) pager(file string) tea.Cmd {
	return a.lend(a.on(a.program("less", "PAGER"), file), func(err error) tea.Msg { return pagedMsg{err} })
}

// lend gives the terminal to another program until that ends.
func (a actions) lend(cmd *exec.Cmd, ended func(error) tea.Msg) tea.Cmd {
	return tea.Exec(guest{cmd, a.away}, ended)
}

// guest is another program that has the terminal.
type guest struct {
	*exec.Cmd
	away *atomic.Bool
}

// Run implements tea.ExecCommand. A ctrl+c that was typed for the guest may still be on its way to us when that has ended.
func (g guest) Run() error {
	g.away.Store(true)
	defer g.away.Store(false)
	defer time.Sleep(50 * time.Millisecond)
	return g.Cmd.Run()
}

// SetStdin implements tea.ExecCommand.
func (g guest) SetStdin(r io.Reader) { g.Stdin = r }

// SetStdout implements tea.ExecCommand.
func (g guest) SetStdout(w io.Writer) { g.Stdout = w }

// SetStderr implements tea.ExecCommand.
func (g guest) SetStderr(w io.Writer) { g.Stderr = w }

// program is what the first of the variables names, or fallback.
func (a actions) program(fallback string, variables ...string) string {
	for _, name := range variables {
		if value := theme.Environ(a.env).Getenv(name); value != "" {
			return value
		}
	}
	return fallback
}

// on is the command of a program with these arguments behind its own.
func (a actions) on(program string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(a.ctx, "/bin/sh", append([]string{"-c", program + ` "$@"`, "sh"}, arguments...)...)
	cmd.Env = a.env
	return cmd
}
