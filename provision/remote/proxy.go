package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// maxHops bounds how many hosts a connection may jump through, which also ends a configuration that jumps in a circle.
const maxHops = 8

// jump connects through the last host of ProxyJump, which is reached through those before it.
func (d *dialer) jump(ctx context.Context, address string) (net.Conn, *link, error) {
	if d.depth >= maxHops {
		return nil, nil, d.fail("remote.proxy.circle", maxHops)
	}
	before, last := "", d.settings.ProxyJump
	if i := strings.LastIndexByte(last, ','); i >= 0 {
		before, last = last[:i], last[i+1:]
	}
	if d.via == nil {
		hop, err := d.hop(ctx, last, before)
		if err != nil {
			return nil, nil, d.throughHop(last, err)
		}
		d.via = hop
	}
	l, err := d.via.dial(ctx)
	if err != nil {
		return nil, nil, d.throughHop(last, err)
	}
	conn, err := l.ssh.DialContext(ctx, "tcp", address)
	if err != nil {
		l.close()
		return nil, nil, d.throughHop(last, err)
	}
	return conn, l, nil
}

// hop is the dialer of one host on the way. As with ssh -J it is configured by the SSH configuration alone.
func (d *dialer) hop(ctx context.Context, spec, before string) (*dialer, error) {
	c := d.config
	c.Port, c.User, c.Identity, c.KnownHosts = 0, "", "", ""
	spec = strings.TrimPrefix(strings.TrimSpace(spec), "ssh://")
	if i := strings.LastIndexByte(spec, '@'); i >= 0 {
		c.User, spec = spec[:i], spec[i+1:]
	}
	c.Address = strings.Trim(spec, "[]")
	if host, port, err := net.SplitHostPort(spec); err == nil {
		if _, err := fmt.Sscanf(port, "%d", &c.Port); err != nil {
			return nil, d.settle(d.fail("remote.proxy.port", port))
		}
		c.Address = host
	}
	c.Name = d.config.Name + " via " + c.Address
	hop, err := newDialer(ctx, c)
	if err != nil {
		return nil, err
	}
	hop.depth, hop.leadsTo = d.depth+1, d
	if before != "" {
		hop.settings.ProxyJump = before
	}
	return hop, nil
}

func (d *dialer) throughHop(hop string, err error) error {
	var failure *DialError
	of := errors.As(err, &failure)
	if of && failure.settled {
		return failure
	}
	through := d.fail("connect.proxy-jump", provision.Fail("remote.proxy.hop", hop, err))
	through.temporary = !of || failure.temporary
	through.closed = of && failure.closed
	return through
}

// proxyConn is a link through the standard input and output of a command.
type proxyConn struct {
	io.ReadCloser
	io.WriteCloser
	command   string
	process   *exec.Cmd
	complaint *safetext.Tail
	closing   sync.Once
	ended     chan struct{}
}

// startProxy runs a ProxyCommand through the person's shell, as OpenSSH does.
func startProxy(command string) (net.Conn, error) {
	shell := os.Getenv("SHELL")
	if shell == "" {
		shell = "/bin/sh"
	}
	process := exec.Command(shell, "-c", "exec "+command)
	p := &proxyConn{command: command, process: process, complaint: safetext.NewTail(4096), ended: make(chan struct{})}
	process.Stderr = p.complaint
	process.WaitDelay = time.Second
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	process.Stdout = writer
	p.ReadCloser = reader
	if p.WriteCloser, err = process.StdinPipe(); err != nil {
		return nil, errors.Join(err, reader.Close(), writer.Close())
	}
	err = process.Start()
	_ = writer.Close()
	if err != nil {
		return nil, errors.Join(err, reader.Close())
	}
	go func() {
		defer close(p.ended)
		_ = process.Wait()
	}()
	return p, nil
}

// failure is the error of a command that has ended by itself; nil for one that runs.
func (p *proxyConn) failure() error {
	select {
	case <-p.ended:
	case <-time.After(proxyLinger):
		return nil
	}
	said := oneLine(string(p.complaint.Bytes()))
	if said == "" {
		said = p.process.ProcessState.String()
	}
	return errors.New(said)
}

// proxyLinger is how long a command that closed its output may take to end.
const proxyLinger = 200 * time.Millisecond

// Close ends the command and waits for it.
func (p *proxyConn) Close() error {
	p.closing.Do(func() {
		_ = p.WriteCloser.Close()
		_ = p.process.Process.Kill()
		<-p.ended
		_ = p.ReadCloser.Close()
	})
	return nil
}

type proxyAddr string

func (proxyAddr) Network() string  { return "proxy" }
func (a proxyAddr) String() string { return string(a) }

func (p *proxyConn) LocalAddr() net.Addr              { return proxyAddr("local") }
func (p *proxyConn) RemoteAddr() net.Addr             { return proxyAddr(p.command) }
func (p *proxyConn) SetDeadline(time.Time) error      { return os.ErrNoDeadline }
func (p *proxyConn) SetReadDeadline(time.Time) error  { return os.ErrNoDeadline }
func (p *proxyConn) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

func (d *dialer) proxyFailed(err error) *DialError {
	return d.retry(d.fail("connect.proxy-jump", provision.Fail("remote.proxy.command", d.settings.ProxyCommand, err, d.settings.Alias)))
}
