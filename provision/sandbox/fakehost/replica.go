package fakehost

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision/sandbox"
)

// Replicas are hosts that are like one host in all but their addresses: each has logins, sessions and a site of its own. A command that the
// one host has run before is not run again: it prints what it printed then, so that thousands of hosts take no process each. They are for
// runs that only look: what one of them changes is changed on all.
type Replicas struct {
	Addresses []string
	Port      int              // of SSH
	Lines     string           // of a known_hosts file
	Links     []*sandbox.Relay // the way to each one's SSH; none without a round trip

	host *Host
	mu   sync.Mutex
	told map[string]told // by command
}

// told is how a command ended. What is different in each run stands in it by its number.
type told struct {
	out, errs []byte
	status    uint32
}

// Replicate starts n replicas of a host, with their sites on the given ports, and a link of that round trip to each of them.
func (h *Host) Replicate(t testing.TB, n int, rtt time.Duration, ports ...int) *Replicas {
	t.Helper()
	r := &Replicas{Port: h.Port, host: h, told: map[string]told{}}
	b := make([]byte, 2)
	_, _ = rand.Read(b)
	serve := map[int]func(net.Conn){h.Port: func(conn net.Conn) { h.serveSSH(conn, r.exec) }}
	for _, port := range ports {
		serve[port] = func(conn net.Conn) { h.serveSite(conn, port) }
	}
	behind := map[int]string{} // the relays
	for port, serve := range serve {
		if rtt > 0 {
			behind[port] = fmt.Sprintf("127.0.0.1:%d", h.listen(t, "127.0.0.1", 0, serve))
		}
	}
	key := strings.Fields(string(ssh.MarshalAuthorizedKey(h.key.PublicKey())))
	for i := range n {
		address := fmt.Sprintf("127.%d.%d.%d", 216+b[0]%30, int(b[1]%60)*4+i/250, 1+i%250)
		r.Addresses = append(r.Addresses, address)
		r.Lines += fmt.Sprintf("[%s]:%d %s %s\n", address, h.Port, key[0], key[1])
		for port, serve := range serve {
			if rtt == 0 {
				h.listen(t, address, port, serve)
				continue
			}
			relay, err := sandbox.NewRelay(context.WithoutCancel(t.Context()), net.JoinHostPort(address, strconv.Itoa(port)), behind[port], sandbox.Link{RTT: rtt})
			check(t, err)
			t.Cleanup(func() { _ = relay.Close() })
			if port == h.Port {
				r.Links = append(r.Links, relay)
			}
		}
	}
	return r
}

// once is what is different in each run of a command: its nonces.
var once = regexp.MustCompile(`\b[A-Z2-7]{26}\b`)

// group is the process group of a command, of which nothing is left when it is told again.
var group = regexp.MustCompile(`(\x01<once [0-9]+> )[0-9]+\n`)

// exec answers for the host.
func (r *Replicas) exec(channel ssh.Channel, line, script string) uint32 {
	var marks [][]byte
	number := func(mark []byte) []byte {
		for i, known := range marks {
			if bytes.Equal(known, mark) {
				return fmt.Appendf(nil, "<once %d>", i)
			}
		}
		marks = append(marks, mark)
		return fmt.Appendf(nil, "<once %d>", len(marks)-1)
	}
	command := string(once.ReplaceAllFunc([]byte(line+"\x00"+script), number))
	r.mu.Lock()
	known, ok := r.told[command]
	r.mu.Unlock()
	if !ok {
		heard := &tee{Channel: channel}
		known.status = r.host.exec(heard, line, script)
		known.out = once.ReplaceAllFunc(heard.out.Bytes(), number)
		known.errs = once.ReplaceAllFunc(heard.errs.Bytes(), number)
		r.mu.Lock()
		r.told[command] = known
		r.mu.Unlock()
		return known.status
	}
	out, errs := group.ReplaceAll(known.out, []byte("${1}999999999\n")), known.errs
	for i, mark := range marks {
		out = bytes.ReplaceAll(out, fmt.Appendf(nil, "<once %d>", i), mark)
		errs = bytes.ReplaceAll(errs, fmt.Appendf(nil, "<once %d>", i), mark)
	}
	_, _ = channel.Write(out)
	_, _ = channel.Stderr().Write(errs)
	return known.status
}

// Commands is how many different commands the host has run for its replicas.
func (r *Replicas) Commands() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.told)
}

// tee is a channel that keeps what is written to it.
type tee struct {
	ssh.Channel
	out, errs bytes.Buffer
}

func (t *tee) Write(p []byte) (int, error) { t.out.Write(p); return t.Channel.Write(p) }

func (t *tee) Stderr() io.ReadWriter { return teeErrors{t.Channel.Stderr(), &t.errs} }

type teeErrors struct {
	io.ReadWriter
	kept *bytes.Buffer
}

func (t teeErrors) Write(p []byte) (int, error) { t.kept.Write(p); return t.ReadWriter.Write(p) }
