package remote

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// Kind says why a host could not be reached or why it refused the login.
type Kind string

// The kinds of DialError.
const (
	KindConfig         Kind = "config"           // the SSH configuration cannot be used
	KindResolve        Kind = "resolve"          // the name has no address
	KindRefused        Kind = "refused"          // nothing listens at the port
	KindUnreachable    Kind = "unreachable"      // no way to the host
	KindTimeout        Kind = "timeout"          // no answer in time
	KindProxy          Kind = "proxy"            // a hop or the proxy command failed
	KindProtocol       Kind = "protocol"         // what answers is not an SSH server, or shares no algorithm with us
	KindClosed         Kind = "closed"           // the host hung up in the middle of the handshake
	KindHostKeyUnknown Kind = "host-key-unknown" // and nobody vouched for it
	KindHostKeyChanged Kind = "host-key-changed" // another key than the one in known_hosts
	KindHostKeyRevoked Kind = "host-key-revoked" // marked @revoked in known_hosts
	KindAuth           Kind = "auth"             // no key and no password was accepted
	KindShell          Kind = "shell"            // logged in, but no command can be run
)

// DialError is why a host could not be reached or logged in to. Error is one sentence with the remedy; Detail has more
// lines for a log. It ends the program with provision.ExitUnreachable.
type DialError struct {
	Host   string // the name in the inventory
	Target string // user@host:port as it was dialled
	Kind   Kind
	Reason string
	Remedy string
	Detail []string
	Err    error
	hungUp bool // the host ended the connection in the middle of the login
}

func (e *DialError) Error() string {
	text := fmt.Sprintf("%s (%s): %s", e.Host, e.Target, e.Reason)
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}

func (e *DialError) Unwrap() error { return e.Err }

// Temporary reports whether the same attempt may succeed a little later, with nothing changed on this side.
func (e *DialError) Temporary() bool {
	switch e.Kind {
	case KindRefused, KindUnreachable, KindTimeout, KindClosed, KindResolve:
		return true
	case KindAuth:
		return e.hungUp // as a host does that is going down or coming up
	case KindProxy:
		var hop *DialError
		return !errors.As(e.Err, &hop) || hop.Temporary()
	}
	return false
}

// LostError is what an operation returns whose connection died under it. What it did on the host is unknown.
type LostError struct {
	Host  string
	Times int   // how often in a row, where the same work was given up for it; else 0
	Err   error // why
}

func (e *LostError) Error() string {
	if e.Times > 0 {
		return fmt.Sprintf("the connection to %s was lost %d times in a row over the same work (%v); find out what cuts it, a "+
			"firewall or the host's sshd for example, and run it again, it goes on from where it was", e.Host, e.Times, e.Err)
	}
	return fmt.Sprintf("the connection to %s was lost (%v); run it again, it goes on from where it was", e.Host, e.Err)
}

func (e *LostError) Unwrap() error { return e.Err }

// IsForbidden reports whether a host refuses to connect to an address for us, whoever listens there.
func IsForbidden(err error) bool {
	var refused *ssh.OpenChannelError
	return errors.As(err, &refused) && refused.Reason == ssh.Prohibited
}

// IsLost reports whether err says that the connection died, so that the same may be tried again after Recover.
func IsLost(err error) bool {
	var lost *LostError
	return errors.As(err, &lost)
}

// ExitError is how a command ended that did not succeed.
type ExitError struct {
	Command string // what was run, as a person could type it
	Code    int    // the exit status; 128 plus the signal's number where Signal is set
	Signal  string // "KILL", "TERM", …; "" where the command ended by itself
	Stderr  string // the end of what it wrote there (a job: of all it wrote), control sequences neutralised
}

func (e *ExitError) Error() string {
	how := fmt.Sprintf("exit status %d", e.Code)
	if e.Signal != "" {
		how = "killed by SIG" + e.Signal
	}
	text := fmt.Sprintf("%s: %s", abbreviate(e.Command, 200), how)
	if last := lastLine(e.Stderr); last != "" {
		text += ": " + abbreviate(last, 300)
	}
	return text
}

// unreachable gives err the exit status of a host that cannot be reached.
func unreachable(err error) error { return provision.WithExit(provision.ExitUnreachable, err) }

func lastLine(text string) string {
	text = strings.TrimRight(text, "\n")
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}

// abbreviate cuts text to at most limit bytes at a character's border.
func abbreviate(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}

// oneLine is untrusted output as one line for a sentence.
func oneLine(output []byte) string {
	return abbreviate(strings.Join(strings.Fields(safetext.Clean(string(output))), " "), 500)
}
