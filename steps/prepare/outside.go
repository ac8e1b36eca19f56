package prepare

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/prepare"
	"github.com/kehuo/provision/provision/remote"
)

const (
	outsideTimeout = 3 * time.Second        // for one connection: a cloud that lets nobody through says nothing
	listenTime     = 5                      // seconds that the host listens
	silenceTime    = 300 * time.Millisecond // in which a relay that leads nowhere has hung up
	listenPause    = 200 * time.Millisecond // between visits to a host that does not listen yet
)

// fromOutside looks from this machine whether visitors get to the site's ports: a cloud's security group is not to be seen on the
// host. Where nobody listens yet, the host does for a moment.
func (s firewall) fromOutside(ctx context.Context, r *provision.Reporter) error {
	r.Output(provision.StreamOut, s.words.T("prepare.outside", prepare.Numbers(s.site), s.host))
	address := s.connection.address()
	closed := visit(s.site, func(port int) bool { return answers(ctx, address, port) })
	if len(closed) > 0 && ready(s.facts) {
		closed = s.listenAndVisit(ctx, address, closed)
	}
	closed = visit(closed, func(port int) bool { return refused(ctx, address, port) })
	if len(closed) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	ports, cloud := prepare.Numbers(closed), cloudOf(s.facts.Firewall.Cloud)
	f := s.finding(provision.SeverityWarning, "outside.closed", ports, s.host)
	f.Evidence = net.JoinHostPort(address, strconv.Itoa(closed[0])) + ": i/o timeout"
	f.Fix = s.words.T("prepare.outside.fix."+cloud, closed[0], ports)
	r.Finding(f)
	return nil
}

// listenAndVisit has the host listen, and returns the ports that it was not met at.
func (s firewall) listenAndVisit(ctx context.Context, address string, ports []int) []int {
	word := rand.Text()
	listening, stop := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		_, _ = s.connection.Exec(listening, remote.Command{Script: prepare.Listen(listenTime, word, ports), Sudo: true})
	}()
	defer func() { stop(); <-over }()
	return visit(ports, func(port int) bool {
		for begun := time.Now(); ; {
			if said, err := call(ctx, address, port); strings.HasPrefix(said, word) || isTimeout(err) {
				return err == nil
			}
			select {
			case <-over:
				return false
			case <-ctx.Done():
				return false
			case <-time.After(listenPause):
				if time.Since(begun) > listenTime*time.Second {
					return false
				}
			}
		}
	})
}

// visit asks at several ports at a time, and returns those where nobody was met.
func visit(ports []int, met func(port int) bool) []int {
	found := make([]bool, len(ports))
	var visitors sync.WaitGroup
	for i, port := range ports {
		visitors.Go(func() { found[i] = met(port) })
	}
	visitors.Wait()
	var rest []int
	for i, port := range ports {
		if !found[i] {
			rest = append(rest, port)
		}
	}
	return slices.Clip(rest)
}

// answers reports whether somebody at a port does not hang up at once.
func answers(ctx context.Context, address string, port int) bool {
	said, err := call(ctx, address, port)
	return said != "" || errors.Is(err, errSilent)
}

// refused reports whether a port is refused, or whoever takes the call hangs up: then the way to the host is open.
func refused(ctx context.Context, address string, port int) bool {
	_, err := call(ctx, address, port)
	return err == nil || errors.Is(err, errSilent) || errors.Is(err, syscall.ECONNREFUSED)
}

var errSilent = errors.New("nothing said")

// call connects to a port and listens for a moment.
func call(ctx context.Context, address string, port int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, outsideTimeout)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(silenceTime))
	buffer := make([]byte, 64)
	n, err := io.ReadAtLeast(conn, buffer, 1)
	if n == 0 && isTimeout(err) {
		return "", errSilent
	}
	return string(buffer[:n]), nil
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// cloudOf is the word for a cloud whose own commands are known.
func cloudOf(maker string) string {
	for _, cloud := range [][2]string{{"Alibaba", "alibaba"}, {"Tencent", "tencent"}, {"Amazon", "amazon"}, {"Google", "google"}} {
		if strings.Contains(maker, cloud[0]) {
			return cloud[1]
		}
	}
	return "other"
}
