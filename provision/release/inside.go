package release

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
)

// errNoWayInside tells of a candidate that cannot be asked before it has the host's ports: its address leads somewhere else from
// the host, and nothing is there to ask it from inside.
var errNoWayInside = errors.New("no way into the candidate")

// way is how the candidate is asked at its own address. Where that leads somewhere else from the host, a stranger's machine
// perhaps, it is asked from inside.
func (s *Switch) way(ctx context.Context) (probe.Dial, error) {
	if !s.known.Apart {
		return s.Host.Dial, nil
	}
	out, err := s.Host.Exec(ctx, remote.Command{Script: s.insideScript(), Sudo: true})
	if err != nil {
		return nil, err
	}
	way := strings.TrimSpace(string(out))
	if way == "" {
		return nil, errNoWayInside
	}
	return func(ctx context.Context, _, address string) (net.Conn, error) { return s.dialInside(ctx, way, address) }, nil
}

// dialInside connects to an address as seen from the candidate, through the input and output of a command.
func (s *Switch) dialInside(ctx context.Context, way, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	// A transport ends the context of a dial once there is a connection: that ends with its owner, or a question's time.
	running, cancel := context.WithTimeout(context.WithoutCancel(ctx), probe.Timeout)
	here, there := net.Pipe()
	ended := make(chan error, 1)
	s.watching.Go(func() {
		_, err := s.Host.Exec(running, remote.Command{Script: s.insideScript(way, host, port), Sudo: true, Stdin: there, Stdout: there})
		ended <- err
		_ = there.Close()
	})
	conn := &insideConn{Conn: here, answers: bufio.NewReader(here), cancel: cancel}
	stop := context.AfterFunc(ctx, cancel)
	defer stop()
	if _, err := conn.answers.ReadSlice('\n'); err == nil {
		return conn, nil
	}
	_ = conn.Close()
	err = <-ended
	var exit *remote.ExitError
	if errors.As(err, &exit) && strings.Contains(exit.Stderr, "refused") {
		return nil, provision.Fail("run.nobody-listens", address, safetext.OneLine(exit.Stderr, 300)).From(err)
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return nil, err
}

// insideConn is a connection from inside a container. What came behind the line that it begins with is read first.
type insideConn struct {
	net.Conn
	answers *bufio.Reader
	cancel  context.CancelFunc
}

func (c *insideConn) Read(p []byte) (int, error) { return c.answers.Read(p) }

// Close ends the command, too.
func (c *insideConn) Close() error {
	c.cancel()
	return c.Conn.Close()
}
