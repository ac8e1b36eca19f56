package prepare

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
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
	listenTime     = 3                      // seconds that the host listens
	silenceTime    = 300 * time.Millisecond // in which a relay that leads nowhere has hung up
	listenPause    = 200 * time.Millisecond // between visits to a host that does not listen yet
)

// fromOutside looks from this machine whether visitors get to the site's ports: a cloud's security group is not to be seen on the
// host. Where nobody listens yet, the host does for a moment.
func (s firewall) fromOutside(ctx context.Context, r *provision.Reporter) error {
	r.Output(provision.StreamOut, s.words.T("prepare.outside", prepare.Numbers(s.site), s.host))
	address := s.connection.address()
	var closed, quiet []int
	answers := visit(s.site, func(port int) answer { said, err := call(ctx, address, port); return understand(said, err) })
	for i, port := range s.site {
		switch {
		case answers[i] == silent:
			closed = append(closed, port)
		case answers[i] != served && s.facts.Root: // who knows whether it was the host that answered
			quiet = append(quiet, port)
		}
	}
	if len(quiet) > 0 {
		unmet, err := s.listenAndVisit(ctx, address, quiet)
		if err == nil {
			closed = append(closed, unmet...)
		} else if len(unmet) > 0 && ctx.Err() == nil {
			f := s.finding(provision.SeverityInfo, "outside.unknown", prepare.Numbers(unmet), s.host)
			f.Evidence = s.words.Error(err)
			r.Finding(f)
		}
	}
	if len(closed) == 0 || ctx.Err() != nil {
		return ctx.Err()
	}
	f := s.finding(provision.SeverityWarning, "outside.closed", prepare.Numbers(closed), s.host)
	f.Evidence = net.JoinHostPort(address, strconv.Itoa(closed[0]))
	f.Fix = s.words.T("prepare.outside.fix."+cloudOf(s.facts.Firewall.Cloud), closed[0], prepare.Numbers(closed))
	r.Finding(f)
	return nil
}

// listenAndVisit has the host listen, and returns the ports that it was not met at; an error where it could not listen.
func (s firewall) listenAndVisit(ctx context.Context, address string, ports []int) (unmet []int, err error) {
	word := rand.Text()
	listening, stop := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		_, err = s.connection.Exec(listening, remote.Command{Script: prepare.Listen(listenTime, word, ports), Sudo: true})
	}()
	answers := visit(ports, func(port int) answer {
		for {
			said, err := call(ctx, address, port)
			if a := understand(said, err); strings.HasPrefix(said, word) || a == silent {
				return a
			}
			select {
			case <-over:
				return understand(said, err)
			case <-ctx.Done():
				return silent
			case <-time.After(listenPause):
			}
		}
	})
	stop()
	<-over
	if errors.Is(err, context.Canceled) { // by us: it listened
		err = nil
	}
	for i, port := range ports {
		if answers[i] == silent || answers[i] == refused {
			unmet = append(unmet, port)
		}
	}
	return unmet, err
}

// visit asks at several ports at a time.
func visit(ports []int, ask func(port int) answer) []answer {
	answers := make([]answer, len(ports))
	var visitors sync.WaitGroup
	for i, port := range ports {
		visitors.Go(func() { answers[i] = ask(port) })
	}
	visitors.Wait()
	return answers
}

// answer is how a visitor fared.
type answer int

const (
	silent  answer = iota // nothing came back
	refused               // by the host, or by somebody in front of it
	hungUp                // somebody took the call, and hung up
	served
)

func understand(said string, err error) answer {
	switch {
	case said != "" || errors.Is(err, errPatient):
		return served
	case err == nil:
		return hungUp
	case errors.Is(err, syscall.ECONNREFUSED):
		return refused
	}
	return silent
}

// errPatient is the end of a call to somebody who waits to be spoken to.
var errPatient = errors.New("nothing said")

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
	var timeout net.Error
	if n == 0 && errors.As(err, &timeout) && timeout.Timeout() {
		return "", errPatient
	}
	return string(buffer[:n]), nil
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
