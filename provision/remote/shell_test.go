//go:build host

package remote_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// Whatever the login shell makes of a command line, the command arrives as it was meant.
func TestLoginShells(t *testing.T) {
	s := newServer(t)
	awkward := []string{"", " ", "a b", "'", `"`, "!", "!!", "$HOME", "`id`", `\`, `\\n`, "%s", "a\nb", "\t", "*", "~", "#", "ümläut", "\xff\xfe", "-n", "^a^b", "\x01", "\r", "\x1b[0m", "}{", ";|&<>()", "\n"}
	for _, user := range []string{"kevin", "fishy", "cshy", "dashy", "loud"} {
		t.Run(user, func(t *testing.T) {
			c := s.dial(func(c *remote.Config) { c.User = user })
			argv := append([]string{"printf", `<%s>`}, awkward...)
			out, err := c.Output(t.Context(), remote.Command{Argv: argv})
			check(t, err)
			if want := "<" + strings.Join(awkward, "><") + ">"; string(out) != want {
				t.Errorf("got  %q\nwant %q", out, want)
			}
			out, err = c.Output(t.Context(), remote.Command{Script: "x='it''s'; while read -r l; do echo \"$x $l\"; done", Stdin: strings.NewReader("one\ntwo\n")})
			check(t, err)
			if string(out) != "its one\nits two\n" {
				t.Errorf("got %q", out)
			}
			var ended *remote.ExitError
			if err := c.Run(t.Context(), remote.Command{Script: "kill -TERM $$"}); !errors.As(err, &ended) || ended.Signal != "TERM" {
				t.Errorf("got %v", err)
			}
			if got := script(t, c, "echo $LC_ALL; ls /nonesuch 2>&1 || :"); !strings.Contains(got, "C\n") || !strings.Contains(got, "No such file") {
				t.Errorf("got %q", got)
			}
			long := strings.Repeat("long line\n", 40_000)
			if got := script(t, c, ": '"+long+"'; printf %s 'after'"); got != "after" {
				t.Errorf("got %q", got)
			}
			ctx, cancel := contextUntilOutput(t)
			err = c.Run(ctx, remote.Command{Script: "echo $$; sleep 1000", Stdout: cancel})
			if ctx.Err() == nil || !errors.Is(err, ctx.Err()) {
				t.Errorf("got %v", err)
			}
			if left := script(t, c, stillThere(cancel.String())); left != "" {
				t.Errorf("the process %s lives on", left)
			}
		})
	}
}

func TestNoLoginShell(t *testing.T) {
	s := newServer(t)
	c := s.dial(func(c *remote.Config) { c.User = "barred" })
	wantFailure(t, c.Run(t.Context(), remote.Command{Script: "true"}), "connect.no-command", "not available")
}

// FuzzQuote sends argument lists through a login, the shell and back.
func FuzzQuote(f *testing.F) {
	for _, seed := range []string{"", "a", "a b", "it's", `"$HOME"`, "`id`", `\\`, "!x", "a\nb\n", "\xff\x00x", "*?[a]", "~", "-e", "\r\n", "%b\\041", "日本", "\x7f", "';exit 1;'", "$(exit 1)", "a\\\nb", "={,}", "\u2028"} {
		f.Add(seed, "x"+seed)
	}
	s := newServer(f)
	var clients []*remote.Client
	for _, user := range []string{"kevin", "cshy", "fishy"} {
		clients = append(clients, s.dial(func(c *remote.Config) { c.User = user }))
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.ContainsRune(a+b, 0) {
			if err := clients[0].Run(t.Context(), remote.Command{Argv: []string{"true", a, b}}); err == nil {
				t.Error("a NUL byte was taken")
			}
			return
		}
		for _, c := range clients {
			for _, cmd := range []remote.Command{
				{Argv: []string{"printf", `%s\n%s`, a, b}},
				{Script: shell.Text(`printf '%s\n%s' ` + shell.Quote(a, b))},
			} {
				out, err := c.Output(t.Context(), cmd)
				check(t, err)
				if string(out) != a+"\n"+b {
					t.Errorf("sent %q and %q, got %q", a, b, out)
				}
			}
		}
	})
}

// TestQuoteRandomBytes sends many arguments of random bytes through each login shell at a time.
func TestQuoteRandomBytes(t *testing.T) {
	s := newServer(t)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	for _, user := range []string{"kevin", "cshy", "fishy", "dashy"} {
		c := s.dial(func(c *remote.Config) { c.User = user })
		for range 10 {
			argv := []string{"printf", `%s\n`}
			for range 100 {
				arg := make([]byte, random.IntN(40))
				for i := range arg {
					arg[i] = byte(1 + random.IntN(255))
				}
				argv = append(argv, string(arg))
			}
			out, err := c.Output(t.Context(), remote.Command{Argv: argv})
			check(t, err)
			if want := strings.Join(argv[2:], "\n") + "\n"; string(out) != want {
				t.Fatalf("%s, seed %d: sent %q, got %q", user, seed, want, out)
			}
		}
	}
}
