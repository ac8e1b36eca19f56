package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

// terminal is a pseudo-terminal: what a person types into, and what the program reads.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, program, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = person.Close(), program.Close() })
	return person, program
}

func approve(standard string) provision.Decision {
	return provision.Decision{Kind: provision.DecidePlan, Host: "cloud", Default: standard,
		Options: []provision.Option{{ID: provision.AnswerYes}, {ID: provision.AnswerNo}}}
}

// Only an empty line takes the default: whoever answers "abort" does not want the plan carried out.
func TestPromptTakesTheDefaultForAnEmptyLineAlone(t *testing.T) {
	for _, c := range []struct {
		typed, standard, want string
		again                 int
	}{
		{"\n", provision.AnswerYes, provision.AnswerYes, 0},
		{"\n", provision.AnswerNo, provision.AnswerNo, 0},
		{"nope\nabort\nq\nno\n", provision.AnswerYes, provision.AnswerNo, 3},
		{"yess\nY\n", provision.AnswerNo, provision.AnswerYes, 1},
		{"\nyes\n", "", provision.AnswerYes, 1},
		{"否\n", provision.AnswerYes, provision.AnswerNo, 0},
		{"是\n", provision.AnswerNo, provision.AnswerYes, 0},
	} {
		person, program := terminal(t)
		var out bytes.Buffer
		if _, err := person.WriteString(c.typed); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		answer, err := prompt{program, &out, language.New(language.English)}.Decide(ctx, approve(c.standard))
		if err != nil || answer.Choice != c.want {
			t.Errorf("%q with the default %q is %q, %v; want %q", c.typed, c.standard, answer.Choice, err, c.want)
		}
		if n := strings.Count(out.String(), "Please answer yes/no."); n != c.again {
			t.Errorf("%q was asked again %d times, want %d:\n%s", c.typed, n, c.again, &out)
		}
	}
}

// A run that ends while it asks for a password leaves the terminal as it was: the shell shows what is typed.
func TestPromptForASecretRestoresTheTerminal(t *testing.T) {
	_, program := terminal(t)
	settings := func() unix.Termios {
		found, err := unix.IoctlGetTermios(int(program.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		return *found
	}
	before := settings()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	ended := make(chan error, 1)
	go func() {
		_, err := prompt{program, &out, language.New(language.English)}.Decide(ctx, provision.Decision{Question: "cloud: Password:", Secret: true})
		ended <- err
	}()
	for silent := false; !silent; silent = settings().Lflag&unix.ECHO == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the question ended with %v", err)
	}
	if after := settings(); after != before {
		t.Errorf("the terminal's settings are %+v, were %+v", after, before)
	}
	if !strings.HasPrefix(out.String(), "cloud: Password: ") {
		t.Errorf("it asked %q", out.String())
	}
}
