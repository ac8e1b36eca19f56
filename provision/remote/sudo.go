package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// SudoProblem says why sudo did not run a command.
type SudoProblem string

// The problems of SudoError.
const (
	SudoMissing   SudoProblem = "missing"   // sudo is not installed
	SudoForbidden SudoProblem = "forbidden" // the user is not in sudoers
	SudoPassword  SudoProblem = "password"  // a password is needed, and nobody gave the right one
	SudoTerminal  SudoProblem = "terminal"  // sudoers says requiretty
	SudoOther     SudoProblem = "other"
)

// SudoError is how sudo refused to run a command. The command itself did not begin.
type SudoError struct {
	Host, User string
	Problem    SudoProblem
	Stderr     string // what sudo said
	Err        error
}

func (e *SudoError) Error() string {
	text := map[SudoProblem]string{
		SudoMissing:   "sudo is not installed on %[1]s; log in as root, or add %[2]s to the docker group",
		SudoForbidden: "%[2]s may not use sudo on %[1]s; have an administrator add %[2]s to the docker group or to sudoers",
		SudoPassword:  "sudo on %[1]s wants the password of %[2]s; run it on a terminal without --yes, or add %[2]s to the docker group",
		SudoTerminal:  "sudo on %[1]s wants a terminal; remove requiretty from its sudoers, or add %[2]s to the docker group",
		SudoOther:     "sudo on %[1]s failed for %[2]s; run sudo -v there to see why",
	}[e.Problem]
	text = fmt.Sprintf(text, e.Host, e.User)
	if said := lastLine(e.Stderr); said != "" {
		text += " (" + abbreviate(said, 200) + ")"
	}
	return text
}

func (e *SudoError) Unwrap() error { return e.Err }

// sudoer is what is known of sudo on a host.
type sudoer struct {
	mu       sync.Mutex
	ready    bool
	root     bool             // the user is root: nothing to do
	password provision.Secret // empty: none needed
}

// sudoProbe tells in one exec how a command can be run as root. With -k sudo does not count a password that was given a moment
// ago: it would be wanted again in the middle of the run.
const sudoProbe = `[ "$(id -u)" = 0 ] && { echo root; exit 0; }
command -v sudo >/dev/null 2>&1 || { echo missing; exit 0; }
said=$(sudo -k -n true 2>&1) && { echo free; exit 0; }
printf '%s\n' "$said"`

// PrepareSudo finds out how commands can be run as root and asks for the password where one is needed. Commands with Sudo
// do it by themselves; later calls do nothing.
func (c *Client) PrepareSudo(ctx context.Context) error {
	c.sudo.mu.Lock()
	defer c.sudo.mu.Unlock()
	if c.sudo.ready {
		return nil
	}
	out, err := c.Output(ctx, Command{Script: sudoProbe})
	if err != nil {
		return err
	}
	switch said := strings.TrimSpace(string(out)); said {
	case "root":
		c.sudo.root = true
	case "missing":
		return c.sudoError(SudoMissing, "", nil)
	case "free":
	default:
		if problem := sudoProblem(said); problem != SudoPassword {
			return c.sudoError(problem, said, nil)
		}
		if err := c.askSudo(ctx); err != nil {
			return err
		}
	}
	c.sudo.ready = true
	return nil
}

// askSudo asks for the password until sudo takes it.
func (c *Client) askSudo(ctx context.Context) error {
	words := c.dialer.config.Words
	var err error
	refused := ""
	for range 3 {
		answer, askErr := c.dialer.config.ask(ctx, provision.Decision{ // no connection is being made, so no clock has to stand still
			Kind:     provision.DecideSudo,
			Host:     c.Name(),
			Question: words.T("remote.sudo.question", c.User(), c.Name()),
			Detail:   refused,
			Secret:   true,
			Remedy:   words.T("remote.sudo.remedy", c.User()),
		})
		if askErr != nil {
			return c.sudoError(SudoPassword, "", askErr)
		}
		var complaint bytes.Buffer
		err = c.Run(ctx, Command{Script: "sudo -k -S -p '' true", Stdin: strings.NewReader(answer.Secret.Reveal() + "\n"),
			Stderr: &complaint})
		if err == nil {
			c.sudo.password = answer.Secret
			return nil
		}
		var ended *ExitError
		if !errors.As(err, &ended) {
			return err
		}
		if problem := sudoProblem(ended.Stderr); problem != SudoPassword {
			return c.sudoError(problem, ended.Stderr, nil)
		}
		refused = words.T("remote.again")
	}
	return c.sudoError(SudoPassword, "the password was wrong", err)
}

func (c *Client) sudoError(problem SudoProblem, said string, err error) error {
	return &SudoError{Host: c.Name(), User: c.User(), Problem: problem, Stderr: safetext.Clean(said), Err: err}
}

// sudoFailed is the error of a command that sudo did not begin.
func (l *link) sudoFailed(stderr []byte) error {
	said := safetext.Clean(string(stderr))
	return &SudoError{Host: l.d.config.Name, User: l.d.settings.user, Problem: sudoProblem(said), Stderr: said}
}

// sudoProblem reads sudo's own words, and those of sudo-rs, which newer systems have in its place; they are English because
// LC_ALL is C.
func sudoProblem(said string) SudoProblem {
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(said, part) {
				return true
			}
		}
		return false
	}
	switch {
	case has("not in the sudoers", "not allowed to", "may not run sudo", "afraid I can't do that"):
		return SudoForbidden
	case has("must have a tty", "requiretty"):
		return SudoTerminal
	case has("password is required", "incorrect password", "try again", "no password was provided", "terminal is required to read the password",
		"nteractive authentication is required", "uthentication required but not attempted", "ncorrect authentication attempt"):
		return SudoPassword
	case has("sudo: not found", "command not found"):
		return SudoMissing
	}
	return SudoOther
}

// wrap runs script through sudo. A password goes first on standard input, followed by the nonce: whatever sudo did not take,
// because it wanted no password this time, is dropped up to there and never reaches the command.
func (s *sudoer) wrap(nonce, script string) (string, *secretInput) {
	inner := preamble + "g=$1\n" + announce(nonce)
	if s.root {
		return preamble + "set -- $$\n" + inner + script, nil
	}
	options := "-n"
	var input *secretInput
	if !s.password.Empty() {
		options = "-k -S -p ''"
		inner += "x=; until [ \"$x\" = " + nonce + " ]; do IFS= read -r x || exit 1; done\n"
		input = &secretInput{s.password.Reveal() + "\n" + nonce + "\n"}
	}
	return preamble + "exec sudo " + options + " -- /bin/sh -c " + shell.Quote(inner+script) + " sh $$", input
}

// secretInput is written to a command's standard input before anything else.
type secretInput struct{ text string }

func (s *secretInput) bytes() []byte { return []byte(s.text) }

// after puts a script in front of the input, which may be nil.
func (s *secretInput) after(script string) *secretInput {
	if s == nil {
		return &secretInput{script}
	}
	return &secretInput{script + s.text}
}
