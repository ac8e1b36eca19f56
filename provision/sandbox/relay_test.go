package sandbox

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server runs handle for every connection to a listener of the test's own.
func server(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer conn.Close()
				handle(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	return listener.Addr().String()
}

func echo(conn net.Conn) { _, _ = io.Copy(conn, conn) }

func newRelay(t *testing.T, target string, link Link) *Relay {
	t.Helper()
	r, err := NewRelay(t.Context(), "127.0.0.1:0", target, link)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func dial(t *testing.T, r *Relay) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", r.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// ask sends one byte and waits for its echo.
func ask(t *testing.T, conn net.Conn) {
	t.Helper()
	if _, err := conn.Write([]byte{'?'}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
}

func TestRelayCostsRoundTrips(t *testing.T) {
	const rtt, questions = 40 * time.Millisecond, 5
	r := newRelay(t, server(t, echo), Link{RTT: rtt})
	started := time.Now()
	conn := dial(t, r)
	for range questions {
		ask(t, conn)
	}
	// One round trip to connect and one for each question.
	took := time.Since(started)
	if least := (questions + 1) * rtt; took < least || took > 10*least {
		t.Errorf("%d questions took %s, want a little over %s", questions, took, least)
	}
	s := r.Stats().Conns[0]
	if s.RoundTrips != questions || s.Sent != questions || s.Received != questions || !s.Open {
		t.Errorf("counted %+v, want %d of each and open", s, questions)
	}
}

func TestRelayGreetingTakesTwoRoundTrips(t *testing.T) {
	const rtt = 60 * time.Millisecond
	r := newRelay(t, server(t, func(c net.Conn) { _, _ = c.Write([]byte("SSH-2.0-x\r\n")) }), Link{RTT: rtt})
	started := time.Now()
	greeting, err := io.ReadAll(dial(t, r))
	if err != nil || string(greeting) != "SSH-2.0-x\r\n" {
		t.Fatalf("got %q, %v", greeting, err)
	}
	// Connecting is one; the server's half and the answer's half are the other.
	if took := time.Since(started); took < 2*rtt || took > 20*rtt {
		t.Errorf("the greeting took %s, want a little over %s", took, 2*rtt)
	}
}

func TestRelayDelayDoesNotLimitThroughput(t *testing.T) {
	t.Parallel()
	data := make([]byte, 16<<20)
	_, _ = rand.Read(data)
	r := newRelay(t, server(t, echo), Link{RTT: 300 * time.Millisecond})
	started := time.Now()
	conn := dial(t, r)
	var sending sync.WaitGroup
	sending.Go(func() {
		if _, err := conn.Write(data); err != nil {
			t.Error(err)
		}
		if err := conn.CloseWrite(); err != nil {
			t.Error(err)
		}
	})
	got, err := io.ReadAll(conn)
	sending.Wait()
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes came back, equal: %t, %v", len(got), bytes.Equal(got, data), err)
	}
	// 64 KiB a round trip, which is what a relay that waits for each chunk
	// would do, takes minutes. Ten seconds are for a machine that is busy.
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("%d MiB there and back took %s", len(data)>>20, took)
	}
}

func TestRelayPaces(t *testing.T) {
	const rate, size = 4 << 20, 2 << 20
	r := newRelay(t, server(t, func(c net.Conn) { _, _ = c.Write(make([]byte, size)) }), Link{Rate: rate})
	started := time.Now()
	// Two connections share the link.
	var reading sync.WaitGroup
	for range 2 {
		conn := dial(t, r)
		reading.Go(func() {
			if n, err := io.Copy(io.Discard, conn); n != size || err != nil {
				t.Errorf("got %d bytes, %v", n, err)
			}
		})
	}
	reading.Wait()
	want := 2 * size * time.Second / rate
	if took := time.Since(started); took < want*9/10 || took > want*5 {
		t.Errorf("%d bytes at %d bytes per second took %s, want about %s", 2*size, rate, took, want)
	}
}

func TestRelaySetLink(t *testing.T) {
	r := newRelay(t, server(t, echo), Link{})
	conn := dial(t, r)
	ask(t, conn)
	if err := r.SetLink(Link{RTT: 80 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	ask(t, conn)
	if took := time.Since(started); took < 80*time.Millisecond {
		t.Errorf("a question over the longer link took %s", took)
	}
	if err := r.SetLink(Link{RTT: -1}); err == nil {
		t.Error("a negative round trip was taken")
	}
}

func TestRelayCutAfter(t *testing.T) {
	t.Parallel()
	arrived := make(chan int64, 2)
	r := newRelay(t, server(t, func(c net.Conn) {
		n, _ := io.Copy(io.Discard, c)
		arrived <- n
	}), Link{})
	const cut = 100_001
	r.CutAfter(cut)
	conn := dial(t, r)
	// The kernel may take all of it before the reset comes.
	_, _ = conn.Write(make([]byte, 1<<20))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client saw %v, want a reset", err)
	}
	if n := <-arrived; n > cut {
		t.Errorf("%d bytes arrived, cut was after %d", n, cut)
	}
	if s := r.Stats().Conns[0]; s.Sent != cut {
		t.Errorf("%d bytes were delivered, want %d", s.Sent, cut)
	}
	// The cut happens once.
	again := dial(t, r)
	if _, err := again.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	_ = again.CloseWrite()
	if n := <-arrived; n != 1<<20 {
		t.Errorf("%d bytes arrived after the cut, want all", n)
	}
}

func TestRelayStallAndResume(t *testing.T) {
	t.Parallel()
	r := newRelay(t, server(t, echo), Link{})
	conn := dial(t, r)
	ask(t, conn)
	r.Stall()
	r.Stall() // a second one changes nothing
	if _, err := conn.Write([]byte("late")); err != nil {
		t.Fatal(err)
	}
	silent := dial(t, r)
	for _, c := range []net.Conn{conn, silent} {
		if err := c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(make([]byte, 4)); !isTimeout(err) {
			t.Errorf("read %d bytes over a dead link, %v", n, err)
		}
		if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	r.Resume()
	got := make([]byte, 4)
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "late" {
		t.Errorf("after the stall came %q, %v", got, err)
	}
	ask(t, silent)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func TestRelayReset(t *testing.T) {
	t.Parallel()
	r := newRelay(t, server(t, echo), Link{})
	conn := dial(t, r)
	ask(t, conn)
	r.Reset()
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client saw %v, want a reset", err)
	}
	ask(t, dial(t, r))
}

func TestRelayHalfClose(t *testing.T) {
	t.Parallel()
	// The server answers only when it has seen the end of the question.
	r := newRelay(t, server(t, func(c net.Conn) {
		question, _ := io.ReadAll(c)
		_, _ = c.Write(bytes.ToUpper(question))
	}), Link{RTT: 10 * time.Millisecond})
	conn := dial(t, r)
	if _, err := conn.Write([]byte("question")); err != nil {
		t.Fatal(err)
	}
	if err := conn.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); err != nil || string(answer) != "QUESTION" {
		t.Errorf("got %q, %v", answer, err)
	}
}

func TestRelayTargetGone(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	r := newRelay(t, listener.Addr().String(), Link{})
	conn, err := net.Dial("tcp", r.Addr())
	if err == nil { // or the reset came first
		_, err = conn.Read(make([]byte, 1))
		_ = conn.Close()
	}
	if !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client saw %v, want a reset", err)
	}
}

func TestRelayCloseEndsEverything(t *testing.T) {
	t.Parallel()
	r, err := NewRelay(t.Context(), "127.0.0.1:0", server(t, echo), Link{RTT: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	conn := dial(t, r)
	r.Stall()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Errorf("a closed relay left its connection open: %v", err)
	}
	if _, err := net.Dial("tcp", r.Addr()); err == nil {
		t.Error("a closed relay still listens")
	}
}
