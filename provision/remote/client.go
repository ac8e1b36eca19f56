// Package remote is one host over SSH: it dials and logs in as OpenSSH would, runs commands and detached jobs, opens tunnels and
// SFTP sessions, and reconnects when the link dies.
//
// Nothing in it prints. Questions go through Config.Ask as decisions, output goes to the writers of a Command, and everything
// else is an error: a *DialError where the host could not be reached or refused the login, a *LostError where the connection
// died, an *ExitError where a command ended badly, a provision.Failure else.
package remote

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// Client is one host that is logged in to. Its methods may be called from several goroutines.
type Client struct {
	dialer *dialer
	sudo   sudoer
	nonce  string

	replacing chan struct{}   // holds something while a Reconnect is under way, which others wait for by their own contexts
	open      context.Context // ends with Close
	hangUp    context.CancelFunc

	mu   sync.Mutex // for link; nobody waits for anything while holding it
	link *link

	removing sync.Mutex
	removals map[string]*Process // sessions that remove the folder of a job, by folder
}

// Dial connects and logs in. A host that hangs up or is not ready to answer is tried a few times; whatever a person or a
// change on either side has to set right fails at once, as a *DialError.
func Dial(ctx context.Context, c Config) (*Client, error) {
	d, err := newDialer(ctx, c)
	if err != nil {
		return nil, err
	}
	if c.Resolved != nil {
		c.Resolved(d.settings.Hostname)
	}
	client := &Client{dialer: d, nonce: rand.Text(), replacing: make(chan struct{}, 1)}
	client.open, client.hangUp = context.WithCancel(context.WithoutCancel(ctx)) // it outlives the dialling
	client.link, err = backoff.Retry(ctx, func() (*link, error) {
		l, err := d.dial(ctx)
		var failure *DialError
		if err != nil && (!errors.As(err, &failure) || !failure.closed) {
			return nil, backoff.Permanent(err)
		}
		return l, err
	}, backoff.WithBackOff(pauses()), backoff.WithMaxTries(firstTries))
	if err != nil {
		client.hangUp()
		return nil, permanent(ctx, err)
	}
	return client, nil
}

// Name is the host's name in the inventory.
func (c *Client) Name() string { return c.dialer.config.Name }

// Target is user@host:port as it is dialled; the port only where it is not 22.
func (c *Client) Target() string { return c.dialer.target() }

// User is the user that is logged in.
func (c *Client) User() string { return c.dialer.settings.User }

// current is the connection in use.
func (c *Client) current() (*link, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open.Err() != nil {
		return nil, c.gone()
	}
	return c.link, nil
}

// Start runs a command. Cancelling ctx ends its process group on the host.
func (c *Client) Start(ctx context.Context, cmd Command) (*Process, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text, err := cmd.text()
	if err != nil {
		return nil, err
	}
	if cmd.Sudo {
		if err := c.prepareSudo(ctx); err != nil {
			return nil, err
		}
	}
	l, err := c.current()
	if err != nil {
		return nil, err
	}
	secret := ""
	if cmd.Sudo && !c.sudo.root {
		text, secret = c.sudo.wrap(cmd, text, c.nonce)
	} else {
		text = cmd.begin(text, c.nonce, "self", false)
	}
	line, input := commandLine(text, c.nonce, cmd.Terminal != nil)
	return l.start(ctx, cmd, line, c.nonce, input+secret, c.Start)
}

// Run runs a command and waits for its end.
func (c *Client) Run(ctx context.Context, cmd Command) error {
	p, err := c.Start(ctx, cmd)
	if err != nil {
		return err
	}
	return p.Wait()
}

// outputLimit is how much Output keeps of a command's output, in bytes, where the command does not say: a host is not to be trusted
// with more than the largest inspection and history need.
const outputLimit = 4 << 20

var errTooMuch = errors.New("too much output")

// Output runs a command and returns its standard output; Stdout of cmd is not used. A command that prints more than its Limit is
// ended, and that is an error; Run has no such limit.
func (c *Client) Output(ctx context.Context, cmd Command) ([]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	out := &bounded{limit: cmp.Or(cmd.Limit, outputLimit), full: func() { cancel(errTooMuch) }}
	cmd.Stdout = out
	err := c.Run(ctx, cmd)
	if out.over {
		return nil, provision.Fail("remote.output.too-much", c.Name(), safetext.Abbreviate(cmd.String(), 200), out.limit>>20)
	}
	return out.kept.Bytes(), err
}

// bounded keeps what is written to it up to a limit, and calls full once for what is beyond.
type bounded struct {
	limit int
	kept  bytes.Buffer
	over  bool
	full  func()
}

func (b *bounded) Write(p []byte) (int, error) {
	if !b.over && b.kept.Len()+len(p) > b.limit {
		b.over = true
		b.full()
	}
	if b.over {
		return 0, errTooMuch
	}
	return b.kept.Write(p)
}

// DialContext connects to an address as seen from the host: network is "tcp" or "unix". It does not count as a session.
func (c *Client) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	l, err := c.current()
	if err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeoutCause(ctx, l.d.channelTimeout, errTooSlow)
	defer cancel()
	conn, err := l.ssh.DialContext(bounded, network, address)
	var refused *ssh.OpenChannelError
	switch {
	case err == nil || ctx.Err() != nil:
		return conn, err
	case bounded.Err() != nil:
		return nil, l.silent()
	case !errors.As(err, &refused):
		l.waitDown()
		return nil, l.lost()
	case refused.Reason == ssh.ConnectionFailed:
		code := "remote.unreached"
		if strings.Contains(refused.Message, "Connection refused") {
			code = "run.nobody-listens"
		}
		return nil, provision.Fail(code, address, safetext.Clean(refused.Message)).From(refused)
	}
	return nil, err
}

// SFTP opens an SFTP session. It counts as a session until it is closed.
func (c *Client) SFTP(ctx context.Context, o ...sftp.ClientOption) (*sftp.Client, error) {
	l, err := c.current()
	if err != nil {
		return nil, err
	}
	return l.openSFTP(ctx, false, o...)
}

// SFTPEarly is SFTP without waiting for the host's word that it has SFTP, which saves a round trip. Where it has not, the
// first request fails, and Wait of the client tells why. Extensions are not known.
func (c *Client) SFTPEarly(ctx context.Context, o ...sftp.ClientOption) (*sftp.Client, error) {
	l, err := c.current()
	if err != nil {
		return nil, err
	}
	return l.openSFTP(ctx, true, o...)
}

// RoundTrip is that of the link, as it was during the login.
func (c *Client) RoundTrip() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link.conn.roundTrip()
}

// Sessions is how many sessions the host allows at a time, as far as is known.
func (c *Client) Sessions() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link.slots.allowed()
}

// Crowded is closed when the host refuses a session beside others of ours: then whoever holds one that is not in use keeps
// somebody else waiting.
func (c *Client) Crowded() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link.slots.crowded
}
