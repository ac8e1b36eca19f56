package release

import (
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/facts"
)

// insideRules have the container's programs be those of this machine.
const insideRules = `
"exec web sh -c "*) shift 2; exec "$@" ;;
"exec -i web sh -c "*) shift 3; exec "$@" ;;`

// TestInside asks a listener of this machine as a candidate is asked from inside: by bash, or by nc where there is none.
func TestInside(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			line := make([]byte, len("ping\n"))
			_, _ = io.ReadFull(conn, line)
			_, _ = io.WriteString(conn, "answer to "+string(line))
			_ = conn.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	s := &Switch{candidate: "web", known: facts.Docker{Apart: true}}
	for _, sh := range shells() {
		e := newEngine(t, insideRules)
		if _, way, _ := e.run(sh, s.insideScript()); way != "exec\n" {
			t.Fatalf("%v: the way is %q", sh, way)
		}
		ask := func(port string) (string, error) {
			cmd := exec.CommandContext(t.Context(), sh[0], append(sh[1:], "-c", string(s.insideScript("exec", "127.0.0.1", port)))...)
			cmd.Env = append(os.Environ(), "PATH="+e.bin+":"+os.Getenv("PATH"))
			in, err := cmd.StdinPipe() // stays open: the answer ends when the site closes
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = in.Close() }()
			_, _ = io.WriteString(in, "ping\n")
			out, err := cmd.CombinedOutput()
			return string(out), err
		}
		if out, err := ask(port); err != nil || !strings.HasPrefix(out, "connected\nanswer to ping\n") {
			t.Errorf("%v: %q, %v", sh, out, err)
		}
		closed, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = closed.Close()
		if out, err := ask(strconv.Itoa(closed.Addr().(*net.TCPAddr).Port)); err == nil || !strings.Contains(out, "refused") || strings.Contains(out, "connected") {
			t.Errorf("%v: where nobody listens: %q, %v", sh, out, err)
		}
	}
}

// TestNoWayInside: a container without a shell, whose processes are somebody else's, cannot be asked.
func TestNoWayInside(t *testing.T) {
	s := &Switch{candidate: "web", known: facts.Docker{Apart: true}}
	for _, sh := range shells()[:1] { // BusyBox's takes its own nsenter
		e := newEngine(t, `exec*) echo 'exec: "sh": executable file not found' >&2; exit 127 ;; inspect*) echo 17 ;;`)
		e.program("nsenter", "exit 1")
		if _, way, status := e.run(sh, s.insideScript()); way != "" || status != 0 {
			t.Errorf("%v: the way is %q, status %d", sh, way, status)
		}
		s.known.Rootless = true
		e.program("nsenter", `[ "$1 $3 $4 $5" = "-U -n -t 17" ] && shift 5 && exec "$@"`)
		if _, way, _ := e.run(sh, s.insideScript()); way != "17\n" {
			t.Errorf("%v: the way into the user's own is %q", sh, way)
		}
		s.known.Rootless = false
	}
}
