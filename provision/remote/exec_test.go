//go:build host

package remote_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

func TestExec(t *testing.T) {
	c := newServer(t).dial()
	t.Run("output", func(t *testing.T) {
		if got := script(t, c, "printf 'a\\n b'"); got != "a\n b" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("stdin", func(t *testing.T) {
		sent := strings.Repeat("0123456789abcdef", 300_000)
		out, err := c.Output(t.Context(), remote.Command{Argv: []string{"cat"}, Stdin: strings.NewReader(sent), Limit: 8 << 20})
		check(t, err)
		if string(out) != sent {
			t.Errorf("%d bytes came back of %d", len(out), len(sent))
		}
	})
	t.Run("both streams in full", func(t *testing.T) {
		var out, complaint bytes.Buffer
		err := c.Run(t.Context(), remote.Command{
			Script: "i=0; while [ $i -lt 20000 ]; do echo out$i; echo err$i >&2; i=$((i+1)); done", Stdout: &out, Stderr: &complaint})
		check(t, err)
		if n, m := bytes.Count(out.Bytes(), []byte("\n")), bytes.Count(complaint.Bytes(), []byte("\n")); n != 20000 || m != 20000 {
			t.Errorf("%d lines of output, %d of errors", n, m)
		}
	})
	t.Run("exit status", func(t *testing.T) {
		var ended *remote.ExitError
		err := c.Run(t.Context(), remote.Command{Script: "echo why >&2; exit 7"})
		if !errors.As(err, &ended) || ended.Code != 7 || ended.Signal != "" || !strings.Contains(err.Error(), "why") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("signal", func(t *testing.T) {
		var ended *remote.ExitError
		err := c.Run(t.Context(), remote.Command{Script: "kill -KILL $$"})
		if !errors.As(err, &ended) || ended.Code != 137 || ended.Signal != "KILL" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("long script", func(t *testing.T) {
		text := ": '" + strings.Repeat("x y\n", 60_000) + "'\nprintf done"
		if got := script(t, c, text); got != "done" {
			t.Errorf("got %q", got)
		}
		out, err := c.Output(t.Context(), remote.Command{Script: shell.Text(": '" + strings.Repeat("x y\n", 30_000) + "'\ncat"), Stdin: strings.NewReader("input")})
		check(t, err)
		if string(out) != "input" {
			t.Errorf("got %q", out)
		}
	})
	t.Run("wait in a script", func(t *testing.T) {
		if got := script(t, c, "sleep 0.1 & wait; echo ok"); got != "ok\n" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("more output than anybody wants", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for limit, says := range map[int]string{0: "4 MiB", 7 << 20: "7 MiB"} {
			text := fmt.Sprintf("head -c %d /dev/zero; exec sleep 1000", cmp.Or(limit, 4<<20)+1)
			_, err := c.Output(ctx, remote.Command{Script: shell.Text(text), Limit: limit})
			if err == nil || !strings.Contains(words(err), says) || !strings.Contains(words(err), "test: ") {
				t.Errorf("got %v", err)
			}
		}
	})
	t.Run("directory", func(t *testing.T) {
		out, err := c.Output(t.Context(), remote.Command{Argv: []string{"pwd"}, Dir: "/usr/bin"})
		check(t, err)
		if string(out) != "/usr/bin\n" {
			t.Errorf("got %q", out)
		}
	})
}

func TestCancelEndsTheProcessGroup(t *testing.T) {
	c := newServer(t).dial()
	never, end := io.Pipe()
	defer func() { _ = end.Close() }()
	for name, input := range map[string]io.Reader{"without input": nil, "with input": never} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			reader, writer := io.Pipe()
			defer func() { _ = reader.Close() }()
			p, err := c.Start(ctx, remote.Command{Script: "sleep 1000 & echo $! $$; wait", Stdin: input, Stdout: writer})
			check(t, err)
			line := make([]byte, 100)
			n, err := reader.Read(line)
			check(t, err)
			cancel()
			begun := time.Now()
			if err := p.Wait(); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(begun); took > 4*time.Second {
				t.Errorf("took %v", took)
			}
			if left := script(t, c, stillThere(string(line[:n]))); left != "" {
				t.Errorf("%s: the processes %s live on", name, line[:n])
			}
		})
	}
}

// Work that has to come to its end may take longer than others when it is given up.
func TestGrace(t *testing.T) {
	c := newServer(t).dial()
	never, end := io.Pipe()
	defer func() { _ = end.Close() }()
	for name, input := range map[string]io.Reader{"without input": nil, "with input": never} {
		t.Run(name, func(t *testing.T) {
			ctx, out := contextUntilOutput(t)
			mark := "/tmp/" + rand.Text()
			command := remote.Command{Script: shell.Text("trap '' TERM; echo begun; sleep 4; echo whole >" + mark), Stdin: input, Stdout: out, Grace: time.Minute}
			if err := c.Run(ctx, command); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if got := script(t, c, "cat "+mark+"; rm -f "+mark); got != "whole\n" {
				t.Errorf("it was ended before its end: %q", got)
			}
		})
	}
}

func TestSFTP(t *testing.T) {
	c := newServer(t).dial()
	s, err := c.SFTP(t.Context())
	check(t, err)
	if _, err := s.Stat("/etc/passwd"); err != nil {
		t.Error(err)
	}
	check(t, s.Close())
	if got := script(t, c, "echo still"); got != "still\n" {
		t.Errorf("got %q", got)
	}
}

// stillThere is a script that prints those of the processes that live on after a moment of grace.
func stillThere(pids string) string {
	return "for p in " + strings.TrimSpace(pids) + "; do i=0; while kill -0 $p 2>/dev/null; do i=$((i+1)); [ $i -lt 30 ] || { echo $p; break; }; sleep 0.1; done; done"
}

func TestTerminal(t *testing.T) {
	c := newServer(t).dial()
	resized := make(chan remote.Size, 1)
	input, typing := io.Pipe() // which stays open: sshd closes the terminal at the end of the input
	go func() { _, _ = typing.Write([]byte("typed\n")) }()
	out := &untilOutput{want: "24 80", cancel: sync.OnceFunc(func() { resized <- remote.Size{Width: 100, Height: 50} })}
	p, err := c.Start(t.Context(), remote.Command{
		Script:   `tty >/dev/null && echo "$TERM $(stty size)"; until [ "$(stty size)" = "50 100" ]; do sleep 0.05; done; read -r x; echo "got $x" >&2`,
		Terminal: &remote.Terminal{Kind: "xterm-256color", Width: 80, Height: 24, Resized: resized},
		Stdin:    input, Stdout: out})
	check(t, err)
	check(t, p.Wait())
	check(t, typing.Close())
	if got := out.String(); !strings.Contains(got, "xterm-256color 24 80\r\n") || !strings.Contains(got, "got typed\r\n") {
		t.Errorf("got %q", got)
	}
}
