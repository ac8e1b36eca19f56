package probe_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/safetext"
)

// FuzzAnswer checks that a question ends, and that what is quoted of the answer is bounded and harmless.
func FuzzAnswer(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nServer: nginx/1.14.1\r\nContent-Length: 5\r\n\r\nhello")
	f.Add("HTTP/1.1 301 Moved\r\nLocation: https://kevinhuo.cool/\r\n\r\n")
	f.Add("HTTP/1.1 200 OK\r\nServer: \x1b[31mx\xff\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\nx")
	f.Add("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 999999999999999999999 x\r\n\r\n")
	f.Add("SSH-2.0-OpenSSH_9.2\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		a, err := probe.Ask(ctx, probe.Question{Address: "192.0.2.1:80", Domain: "kevinhuo.cool", Dial: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go func() {
				defer func() { _ = far.Close() }()
				_, _ = far.Read(make([]byte, 4096)) // the question
				_, _ = io.WriteString(far, text)
			}()
			return near, nil
		}})
		if errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if len(a.Body) > 64<<10 || len(a.Server) > 1000 || len(a.Location) > 4000 {
			t.Fatalf("%d bytes of body, %d and %d of headers", len(a.Body), len(a.Server), len(a.Location))
		}
		if a.Server != safetext.Line(a.Server) || a.Location != safetext.Line(a.Location) {
			t.Fatalf("%q and %q can act on a terminal", a.Server, a.Location)
		}
		for _, want := range []probe.Want{{Status: 200, Server: "nginx"}, {Redirect: true}, {Text: "x"}} {
			if err := want.Check(a); err != nil {
				if words := words.Error(err); words != safetext.Line(words) || len(words) > 8000 {
					t.Fatalf("the sentence %q", words)
				}
			}
		}
	})
}
