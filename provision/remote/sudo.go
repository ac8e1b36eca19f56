package remote

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// sudoProblem says why sudo did not run a command, which did not begin. The words of "remote.sudo." and it tell a person.
type sudoProblem string

const (
	sudoMissing   sudoProblem = "missing"   // sudo is not installed
	sudoForbidden sudoProblem = "forbidden" // the user is not in sudoers
	sudoLimited   sudoProblem = "limited"   // sudoers allows the user some commands, and no shell
	sudoPassword  sudoProblem = "password"  // a password is needed, and nobody gave the right one
	sudoUnlisted  sudoProblem = "unlisted"  // the same, of a user who is in none of the groups that sudo usually allows
	sudoTerminal  sudoProblem = "terminal"  // sudoers says requiretty
	sudoOther     sudoProblem = "other"
)

// sudoer is what is known of sudo on a host.
type sudoer struct {
	mu       sync.Mutex
	ready    bool
	root     bool             // the user is root: nothing to do
	password provision.Secret // empty: none needed
}

// prepareSudo finds out how commands can be run as root and asks for the password where one is needed. Commands with Sudo
// do it by themselves; later calls do nothing.
func (c *Client) prepareSudo(ctx context.Context) error {
	c.sudo.mu.Lock()
	defer c.sudo.mu.Unlock()
	if c.sudo.ready {
		return nil
	}
	out, err := c.Output(ctx, Command{Script: script("sudo_probe.sh").With()})
	if err != nil {
		return err
	}
	switch said := strings.TrimSpace(string(out)); said {
	case "root":
		c.sudo.root = true
	case "missing":
		return c.sudoError(sudoMissing, "", nil)
	case "free":
	default:
		refusal := readRefusal(said)
		if problem := refusal.problem(); problem != sudoPassword {
			return c.sudoError(problem, refusal.said, nil)
		}
		unanswered := sudoPassword
		if !refusal.usual() {
			unanswered = sudoUnlisted
		}
		if err := c.askSudo(ctx, unanswered); err != nil {
			return err
		}
	}
	c.sudo.ready = true
	return nil
}

// sudoRefusal is what sudo_probe.sh prints of a sudo that does not run a command unasked.
type sudoRefusal struct {
	said   string
	groups []string
	rules  string // as sudo -l lists them; empty where that wants a password too
}

func readRefusal(out string) sudoRefusal {
	said, rest, _ := strings.Cut(out, "\ngroups ")
	groups, rules, _ := strings.Cut(rest, "\n")
	return sudoRefusal{said, strings.Fields(groups), rules}
}

// problem says why: rules that are listed and do not allow everything allow no shell, whatever password is given.
func (r sudoRefusal) problem() sudoProblem {
	problem := readSudo(r.said)
	if problem == sudoPassword && sudoRule.MatchString(r.rules) && !sudoRuleAll.MatchString(r.rules) {
		return sudoLimited
	}
	return problem
}

// A rule as sudo -l lists it, and one that allows everything: "    (ALL : ALL) NOPASSWD: /usr/bin/docker, /usr/bin/id".
var (
	sudoRule    = regexp.MustCompile(`(?m)^\s+\([^)]*\) `)
	sudoRuleAll = regexp.MustCompile(`(?m)^\s+\([^)]*\) (?:.*[ ,])?ALL(?:,|$)`)
)

// usual reports whether the user is in a group that sudoers allows everything on most systems.
func (r sudoRefusal) usual() bool {
	return slices.ContainsFunc(r.groups, func(g string) bool { return g == "sudo" || g == "wheel" || g == "admin" })
}

// askSudo asks for the password until sudo takes it. unanswered is the problem where nobody gives one.
func (c *Client) askSudo(ctx context.Context, unanswered sudoProblem) error {
	words := c.dialer.config.Words
	var err error
	refused := ""
	for range 3 {
		answer, askErr := c.dialer.config.ask(ctx, provision.Decision{ // no connection is being made, so no clock has to stand still
			Kind:     provision.DecideSudo,
			Host:     c.Name(),
			Question: words.T("remote.sudo.question", c.dialer.settings.User, c.Name()),
			Detail:   refused,
			Secret:   true,
			Remedy:   words.T("remote.sudo.remedy", c.dialer.settings.User),
		})
		if askErr != nil {
			return c.sudoError(unanswered, "", askErr)
		}
		var complaint bytes.Buffer
		err = c.Run(ctx, Command{Argv: []string{"sudo", "-k", "-S", "-p", "", "true"}, Stdin: strings.NewReader(answer.Secret.Reveal() + "\n"),
			Stderr: &complaint})
		if err == nil {
			c.sudo.password = answer.Secret
			return nil
		}
		var ended *ExitError
		if !errors.As(err, &ended) {
			return err
		}
		if problem := readSudo(ended.Stderr); problem != sudoPassword {
			return c.sudoError(problem, ended.Stderr, nil)
		}
		refused = words.T("remote.again")
	}
	return c.sudoError(sudoPassword, "", err)
}

func (c *Client) sudoError(problem sudoProblem, said string, err error) error {
	return sudoFailure(c.Name(), c.dialer.settings.User, problem, said).From(err)
}

// sudoFailed is the error of a command that sudo did not begin.
func (l *link) sudoFailed(stderr []byte) error {
	said := string(stderr)
	return sudoFailure(l.d.config.Name, l.d.settings.User, readSudo(said), said)
}

func sudoFailure(host, user string, problem sudoProblem, said string) *provision.Failure {
	values := []any{host, user}
	if problem == sudoOther {
		values = append(values, or(safetext.Abbreviate(lastLine(safetext.Clean(said)), 200), "-"))
	}
	return provision.Fail("connect.sudo", provision.Fail("remote.sudo."+string(problem), values...))
}

// readSudo reads sudo's own words, and those of sudo-rs, which newer systems have in its place; they are English because
// LC_ALL is C.
func readSudo(said string) sudoProblem {
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(said, part) {
				return true
			}
		}
		return false
	}
	switch {
	case has("not allowed to execute"):
		return sudoLimited
	case has("not in the sudoers", "not allowed to", "may not run sudo", "afraid I can't do that"):
		return sudoForbidden
	case has("must have a tty", "requiretty"):
		return sudoTerminal
	case has("password is required", "incorrect password", "try again", "no password was provided", "terminal is required to read the password",
		"nteractive authentication is required", "uthentication required but not attempted", "ncorrect authentication attempt"):
		return sudoPassword
	case has("sudo: not found", "command not found"):
		return sudoMissing
	}
	return sudoOther
}

// wrap runs a command's text through sudo. A password goes first on standard input, followed by the nonce: whatever sudo did not
// take, because it wanted no password this time, is dropped up to there and never reaches the command.
func (s *sudoer) wrap(cmd Command, text shell.Text, nonce string) (_ shell.Text, input string) {
	secret := ""
	if !s.password.Empty() {
		secret, input = "secret", s.password.Reveal()+"\n"+nonce+"\n"
	}
	return script("sudo.sh").With(string(cmd.begin(text, nonce, "sudo", secret != "")), secret), input
}
