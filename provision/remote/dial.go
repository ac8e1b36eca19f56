package remote

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote/hostkey"
	"github.com/kehuo/provision/provision/remote/sshconfig"
	"github.com/kehuo/provision/provision/shell"
)

// dialer makes connections to one host. Everything that a person answered stays with it, so that a connection that is made
// anew asks nothing twice.
type dialer struct {
	config   Config
	settings *sshconfig.Settings
	depth    int // hops that led here

	channelTimeout time.Duration // the constant, but in a test

	remembered map[string]provision.Answer // answers that were right, by question
	unlocked   map[string]ssh.Signer       // encrypted keys whose passphrase was given, by path
	via        *dialer                     // of the last hop
	leadsTo    *dialer                     // of a hop: whose connection goes through it
	clock      *stopwatch                  // of the attempt under way; stands still while a person thinks
	hostKey    ssh.PublicKey               // of the first connection: the others must have the same
	asked      bool                        // a person was asked in the attempt under way, which takes longer than a server waits
}

func newDialer(ctx context.Context, c Config) (*dialer, error) {
	d := &dialer{config: c.withDefaults(), remembered: map[string]provision.Answer{}, unlocked: map[string]ssh.Signer{},
		channelTimeout: channelTimeout}
	s, err := sshconfig.Read(ctx, sshconfig.Query{Address: d.config.Address, Port: d.config.Port, User: d.config.User,
		Identity: d.config.Identity, KnownHosts: d.config.KnownHosts, File: d.config.SSHConfig})
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		d.settings = &sshconfig.Settings{Network: "tcp", Hostname: d.config.Address, Port: d.config.Port, User: d.config.User}
		code := "remote.ssh-config"
		if provision.CodeOf(err) == "sshconfig.refused" {
			code = "connect.ssh-config"
		}
		return nil, d.settle(d.fail(code, err))
	}
	d.settings = s
	return d, nil
}

// target is user@host:port for messages; the port only where it is not the usual one.
func (d *dialer) target() string {
	s := d.settings
	target := s.Hostname
	if s.Port != 22 && s.Port != 0 {
		target = net.JoinHostPort(s.Hostname, strconv.Itoa(s.Port))
	}
	if s.User != "" {
		target = s.User + "@" + target
	}
	return target
}

// arguments are those of OpenSSH's commands that lead to the host.
func (d *dialer) arguments() string {
	s := d.settings
	args := []string{}
	if s.Port != 22 && s.Port != 0 {
		args = append(args, "-p", strconv.Itoa(s.Port))
	}
	return shell.Quote(append(args, s.User+"@"+s.Hostname)...)
}

// fail is a failure of the host: its sentence begins with name and target.
func (d *dialer) fail(code string, values ...any) *DialError {
	return d.dialError(provision.Fail(code, append([]any{d.config.Name, d.target()}, values...)...))
}

func (d *dialer) dialError(f *provision.Failure) *DialError {
	return &DialError{Failure: f.WithExit(provision.ExitUnreachable), User: d.settings.User, Host: d.settings.Hostname,
		Port: cmp.Or(d.settings.Port, 22)}
}

// settle marks a failure that a person has to set right at this very host.
func (d *dialer) settle(e *DialError) *DialError {
	e.settled = true
	return e
}

// retry marks a failure that may pass by itself.
func (d *dialer) retry(e *DialError) *DialError {
	e.temporary = true
	return e
}

func (d *dialer) timeout() time.Duration {
	switch {
	case d.config.Timeout > 0:
		return d.config.Timeout
	case d.settings.ConnectTimeout > 0:
		return d.settings.ConnectTimeout
	}
	return defaultTimeout
}

// ask puts a question to the person while the clock stands still.
func (d *dialer) ask(ctx context.Context, q provision.Decision) (provision.Answer, error) {
	d.asked = true
	d.clock.stop()
	defer d.clock.start()
	return d.config.ask(ctx, q)
}

// dial makes one connection. A server that hung up while a person was thinking gets a second attempt.
func (d *dialer) dial(ctx context.Context) (*link, error) {
	l, err := d.attempt(ctx)
	var failure *DialError
	if d.asked && errors.As(err, &failure) && failure.hungUp {
		l, err = d.attempt(ctx)
	}
	return l, err
}

// attempt opens the transport, then logs in.
func (d *dialer) attempt(ctx context.Context) (*link, error) {
	d.asked = false
	var outer *stopwatch
	if d.leadsTo != nil {
		outer = d.leadsTo.clock
	}
	ctx, d.clock = withStopwatch(ctx, d.timeout(), outer)
	defer d.clock.end()
	loginCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	keys := sync.OnceValue(func() *keyring { return d.readKeys(loginCtx) })
	var reading sync.WaitGroup
	reading.Go(func() { keys() }) // while the link is being made
	defer func() { reading.Wait(); keys().close() }()
	checker, failure := hostkey.New(hostkey.Config{Name: d.config.Name, Target: d.target(), Settings: d.settings,
		AcceptNew: d.config.AcceptNewHostKey, Ask: d.ask, ReadOnly: d.config.ReadOnly, Words: d.config.Words, Before: d.hostKey})
	if failure != nil {
		return nil, d.settle(d.dialError(failure))
	}
	defer d.atTheDoor(ctx)()
	conn, hop, err := d.transport(ctx)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	metered := newMeteredConn(conn)
	l := &login{d: d, ctx: ctx, keys: keys, given: map[string]provision.Answer{}}
	client, err := d.handshake(ctx, metered, checker, l)
	if err != nil {
		if hop != nil {
			hop.close()
		}
		if proxy, ok := conn.(*proxyConn); ok && len(l.accepts) == 0 && checker.Refusal() == nil && ctx.Err() == nil {
			if failure := proxy.failure(); failure != nil {
				return nil, d.proxyFailed(failure)
			}
		}
		return nil, d.explainHandshake(ctx, err, checker, l, metered.ended.Load())
	}
	maps.Copy(d.remembered, l.given)
	d.hostKey = checker.Trusted()
	return newLink(d, client, metered, hop), nil
}

// handshake speaks SSH over conn and logs in. The end of ctx closes conn, which is what stops the library.
func (d *dialer) handshake(ctx context.Context, conn net.Conn, k *hostkey.Checker, l *login) (*ssh.Client, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	c, channels, requests, err := ssh.NewClientConn(conn, k.Address(), &ssh.ClientConfig{
		Config:            d.algorithms(),
		User:              d.settings.User,
		AuthCallback:      l.next,
		HostKeyAlgorithms: k.Algorithms(),
		HostKeyCallback: func(_ string, remote net.Addr, key ssh.PublicKey) error {
			return k.Check(ctx, remote, key)
		},
		BannerCallback: func(text string) error {
			if l.banner.Len() < 4096 {
				l.banner.WriteString(text)
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	if !stop() {
		_ = c.Close()
		return nil, context.Cause(ctx)
	}
	return ssh.NewClient(c, channels, requests), nil
}

// algorithms are those that the library prefers among the ones that the SSH configuration allows, then the others that it names:
// old ones are used only where somebody asks for them.
func (d *dialer) algorithms() ssh.Config {
	var c ssh.Config
	c.SetDefaults()
	supported, old := ssh.SupportedAlgorithms(), ssh.InsecureAlgorithms()
	c.KeyExchanges = allowed(d.settings.KeyExchanges, c.KeyExchanges, supported.KeyExchanges, old.KeyExchanges)
	c.Ciphers = allowed(d.settings.Ciphers, c.Ciphers, supported.Ciphers, old.Ciphers)
	c.MACs = allowed(d.settings.MACs, c.MACs, supported.MACs, old.MACs)
	return c
}

// allowed puts the preferred ones of the wished algorithms first. A wish for none that this program has is no wish.
func allowed(wish sshconfig.Algorithms, preferred []string, others ...[]string) []string {
	wished := wish.Of(preferred, slices.Concat(append([][]string{preferred}, others...)...))
	if len(wished) == 0 {
		return preferred
	}
	list := slices.DeleteFunc(slices.Clone(preferred), func(name string) bool { return !slices.Contains(wished, name) })
	for _, name := range wished {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// atTheDoor waits until the host is short of no place for a connection that is not logged in yet, and returns what gives it back.
func (d *dialer) atTheDoor(ctx context.Context) (leave func()) {
	if d.settings.ProxyJump != "" || d.settings.ProxyCommand != "" { // it is the way there that many hosts share
		return func() {}
	}
	d.clock.stop()
	defer d.clock.start()
	return d.config.Gate.enter(ctx, net.JoinHostPort(d.settings.Hostname, strconv.Itoa(d.settings.Port)))
}

// transport is the way to the host: a hop, a proxy command or plain TCP.
func (d *dialer) transport(ctx context.Context) (net.Conn, *link, error) {
	s := d.settings
	address := net.JoinHostPort(s.Hostname, strconv.Itoa(s.Port))
	switch {
	case s.ProxyJump != "":
		return d.jump(ctx, address)
	case s.ProxyCommand != "":
		conn, err := startProxy(s.ProxyCommand)
		return conn, nil, err
	}
	conn, err := d.config.Dialer(ctx, s.Network, address)
	return conn, nil, err
}

// explain turns the error of a transport into a failure.
func (d *dialer) explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errTooSlow) {
		return cause
	}
	var (
		failure  *DialError
		dns      *net.DNSError
		timedOut interface{ Timeout() bool }
	)
	address := net.JoinHostPort(d.settings.Hostname, strconv.Itoa(d.settings.Port))
	switch {
	case errors.As(err, &failure):
		return failure
	case errors.As(err, &dns):
		failure = d.fail("connect.name-not-found", d.settings.Hostname)
	case errors.Is(err, syscall.ECONNREFUSED):
		failure = d.fail("connect.refused", address)
	case errors.Is(context.Cause(ctx), errTooSlow), errors.As(err, &timedOut) && timedOut.Timeout():
		failure = d.fail("connect.timeout", provision.Fail("remote.timeout.connect", address, d.timeout()))
	default:
		failure = d.fail("connect.no-route", address, err)
	}
	return d.retry(failure.from(err))
}

// explainHandshake turns the error of the SSH handshake into a failure.
func (d *dialer) explainHandshake(ctx context.Context, err error, k *hostkey.Checker, l *login, ended bool) error {
	cause := context.Cause(ctx)
	text := err.Error()
	switch {
	case k.Refusal() != nil:
		return d.settle(d.dialError(k.Refusal()))
	case cause != nil && !errors.Is(cause, errTooSlow):
		return cause
	case cause != nil:
		return d.retry(d.fail("connect.timeout", provision.Fail("remote.timeout.login", d.timeout())).from(err))
	case ended && errors.Is(err, errNoMethod): // the library goes on to the next method when the connection has ended
		return d.hungUp(err, l)
	case errors.Is(err, errNoMethod), isTooManyKeys(err), len(l.problems) > 0:
		return l.refusal("remote.login.refused", err)
	case strings.Contains(text, "no common algorithm"):
		return d.fail("connect.kex", oneLine(text)).from(err)
	case strings.Contains(text, "overflow reading version string"):
		return d.fail("connect.not-ssh").from(err)
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed):
		return d.hungUp(err, l)
	}
	return d.fail("remote.handshake", oneLine(text), d.target()).from(err)
}

// hungUp is the error of a host that hung up. Before the login it may be short of connections, and Dial tries again; later it
// may have objected to what it was offered, and trying again could have it lock the address out.
func (d *dialer) hungUp(err error, l *login) *DialError {
	failure := d.fail("connect.dropped").from(err)
	if failure.closed = len(l.accepts) == 0; !failure.closed {
		failure = l.refusal("remote.login.hung-up", err) // as from a host that is going down or coming up
	}
	failure.hungUp = true
	return d.retry(failure)
}
