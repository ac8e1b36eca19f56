package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
)

// dialer makes connections to one host. Everything that a person answered stays with it, so that a connection that is made
// anew asks nothing twice.
type dialer struct {
	config   Config
	settings *settings
	depth    int // hops that led here

	remembered map[string]provision.Answer // answers that were right, by question
	unlocked   map[string]ssh.Signer       // encrypted keys whose passphrase was given, by path
	via        *dialer                     // of the last hop
	leadsTo    *dialer                     // of a hop: whose connection goes through it
	clock      *stopwatch                  // of the attempt under way; stands still while a person thinks
	asked      bool                        // a person was asked in the attempt under way, which takes longer than a server waits
}

func newDialer(ctx context.Context, c Config) (*dialer, error) {
	d := &dialer{config: c.withDefaults(), remembered: map[string]provision.Answer{}, unlocked: map[string]ssh.Signer{}}
	s, err := resolve(ctx, d.config)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		d.settings = &settings{hostname: d.config.Address, port: d.config.Port, user: d.config.User}
		return nil, unreachable(d.fail(KindConfig, err.Error(), "correct it, or pass the values in the inventory", err))
	}
	d.settings = s
	return d, nil
}

// target is user@host:port for messages; the port only where it is not the usual one.
func (d *dialer) target() string {
	s := d.settings
	target := s.hostname
	if s.port != 22 && s.port != 0 {
		target = net.JoinHostPort(s.hostname, strconv.Itoa(s.port))
	}
	if s.user != "" {
		target = s.user + "@" + target
	}
	return target
}

func (d *dialer) fail(kind Kind, reason, remedy string, err error) *DialError {
	return &DialError{Host: d.config.Name, Target: d.target(), Kind: kind, Reason: reason, Remedy: remedy, Err: err}
}

func (d *dialer) timeout() time.Duration {
	switch {
	case d.config.Timeout > 0:
		return d.config.Timeout
	case d.settings.connectTimeout > 0:
		return d.settings.connectTimeout
	}
	return DefaultTimeout
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
	verifier, err := newVerifier(d)
	if err != nil {
		return nil, unreachable(err)
	}
	conn, hop, err := d.transport(ctx)
	if err != nil {
		return nil, d.explain(ctx, err)
	}
	metered := newMeteredConn(conn)
	l := &login{d: d, ctx: ctx, keys: keys, given: map[string]provision.Answer{}}
	client, err := d.handshake(ctx, metered, verifier, l)
	if err != nil {
		if hop != nil {
			hop.close()
		}
		if proxy, ok := conn.(*proxyConn); ok && len(l.accepts) == 0 && verifier.verdict == nil && ctx.Err() == nil {
			if failure := proxy.failure(); failure != nil {
				return nil, unreachable(d.proxyFailed(failure))
			}
		}
		return nil, d.explainHandshake(ctx, err, verifier, l, metered.ended.Load())
	}
	maps.Copy(d.remembered, l.given)
	return newLink(d, client, metered, hop), nil
}

// handshake speaks SSH over conn and logs in. The end of ctx closes conn, which is what stops the library.
func (d *dialer) handshake(ctx context.Context, conn net.Conn, v *verifier, l *login) (*ssh.Client, error) {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	c, channels, requests, err := ssh.NewClientConn(conn, v.address, &ssh.ClientConfig{
		User:              d.settings.user,
		AuthCallback:      l.next,
		HostKeyAlgorithms: v.algorithms(),
		HostKeyCallback: func(_ string, remote net.Addr, key ssh.PublicKey) error {
			return v.check(ctx, remote, key)
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

// transport is the way to the host: a hop, a proxy command or plain TCP.
func (d *dialer) transport(ctx context.Context) (net.Conn, *link, error) {
	s := d.settings
	address := net.JoinHostPort(s.hostname, strconv.Itoa(s.port))
	switch {
	case s.proxyJump != "":
		return d.jump(ctx, address)
	case s.proxyCommand != "":
		conn, err := startProxy(s.proxyCommand)
		return conn, nil, err
	}
	conn, err := d.config.Dialer(ctx, "tcp", address)
	return conn, nil, err
}

// explain turns the error of a transport into a sentence.
func (d *dialer) explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, errTooSlow) {
		return cause
	}
	var (
		failure  *DialError
		dns      *net.DNSError
		timedOut interface{ Timeout() bool }
	)
	address := net.JoinHostPort(d.settings.hostname, strconv.Itoa(d.settings.port))
	switch {
	case errors.As(err, &failure):
		return unreachable(failure)
	case errors.As(err, &dns):
		failure = d.fail(KindResolve, "the name "+d.settings.hostname+" has no address",
			"check the address in the inventory and this machine's network", err)
	case errors.Is(err, syscall.ECONNREFUSED):
		failure = d.fail(KindRefused, "nothing listens at "+address,
			"check the port, and that sshd runs and the cloud's security group lets it through", err)
	case errors.Is(context.Cause(ctx), errTooSlow), errors.As(err, &timedOut) && timedOut.Timeout():
		failure = d.fail(KindTimeout, fmt.Sprintf("no answer from %s within %v", address, d.timeout()),
			"check the address, and that the cloud's security group lets the port through", err)
	default:
		failure = d.fail(KindUnreachable, "no way to "+address+" ("+err.Error()+")",
			"check this machine's network and the address", err)
	}
	return unreachable(failure)
}

// explainHandshake turns the error of the SSH handshake into a sentence.
func (d *dialer) explainHandshake(ctx context.Context, err error, v *verifier, l *login, ended bool) error {
	cause := context.Cause(ctx)
	text := err.Error()
	switch {
	case v.verdict != nil:
		return unreachable(v.verdict)
	case cause != nil && !errors.Is(cause, errTooSlow):
		return cause
	case cause != nil:
		return unreachable(d.fail(KindTimeout, fmt.Sprintf("the host did not finish the login within %v", d.timeout()),
			"the link or the host is overloaded: try again, or raise --timeout", err))
	case ended && errors.Is(err, errNoMethod): // the library goes on to the next method when the connection has ended
		return unreachable(d.closed(err, l))
	case errors.Is(err, errNoMethod), strings.Contains(text, "oo many authentication failures"), len(l.problems) > 0:
		return unreachable(l.failure(err))
	case strings.Contains(text, "no common algorithm"):
		return unreachable(d.fail(KindProtocol, "the host and this program share no algorithm ("+oneLine([]byte(text))+")",
			"update the host's OpenSSH, or widen what its sshd_config allows", err))
	case strings.Contains(text, "overflow reading version string"):
		return unreachable(d.fail(KindProtocol, "what answers there does not speak SSH", "check the port", err))
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed):
		return unreachable(d.closed(err, l))
	}
	return unreachable(d.fail(KindProtocol, "the SSH handshake failed ("+oneLine([]byte(text))+")",
		"run ssh -v "+d.target()+" to see what the host objects to", err))
}

// closed is the error of a host that hung up. Before the login it may be short of connections, and Dial tries again; later it
// may have objected to what it was offered, and trying again could have it lock the address out.
func (d *dialer) closed(err error, l *login) *DialError {
	if len(l.accepts) > 0 {
		failure := l.failure(err)
		failure.hungUp = true
		said := or(oneLine([]byte(l.banner.String())), "no word of why")
		failure.Reason = "the host hung up during the login (" + said + "): " + failure.Reason
		return failure
	}
	failure := d.fail(KindClosed, "the host hung up during the handshake",
		"it may limit connections (MaxStartups, PerSourcePenalties, fail2ban) or be starting up: try again in a minute", err)
	failure.hungUp = true
	return failure
}
