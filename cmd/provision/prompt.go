package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/sanitize"
)

// decider answers a command's questions: a person at the terminal, or nobody.
func (s *session) decider() provision.Decider {
	if s.flags.json || !onTerminal() {
		return provision.Headless{}
	}
	return prompt{os.Stdin, os.Stderr, s.words}
}

// prompt asks questions as lines of text, for the commands beside the wizard.
type prompt struct {
	in    *os.File
	out   io.Writer
	words *language.Printer
}

// Decide implements provision.Decider.
func (p prompt) Decide(ctx context.Context, d provision.Decision) (provision.Answer, error) {
	if d.Detail != "" {
		_, _ = fmt.Fprintln(p.out, sanitize.Lines(d.Detail))
	}
	question := sanitize.Line(d.Question)
	if d.Kind == provision.DecidePlan { // the engine, which asks, knows no languages
		question = p.words.T("prompt.plan", len(d.Changes), d.Host)
	}
	if d.Secret {
		_, _ = fmt.Fprintf(p.out, "%s ", question)
		secret, err := await(ctx, func() ([]byte, error) { return term.ReadPassword(int(p.in.Fd())) })
		_, _ = fmt.Fprintln(p.out)
		return provision.Answer{Secret: provision.NewSecret(string(secret))}, err
	}
	var choices []string
	for _, o := range d.Options {
		choice := o.ID
		if o.ID == d.Default {
			choice = strings.ToUpper(choice)
		}
		choices = append(choices, choice)
	}
	_, _ = fmt.Fprintf(p.out, "%s [%s] ", question, strings.Join(choices, "/"))
	line, err := await(ctx, func() ([]byte, error) { return bufio.NewReader(p.in).ReadBytes('\n') })
	if err != nil {
		return provision.Answer{}, err
	}
	typed := strings.ToLower(strings.TrimSpace(string(line)))
	for _, o := range d.Options {
		if typed != "" && strings.HasPrefix(strings.ToLower(o.ID), typed) {
			return provision.Answer{Choice: o.ID}, nil
		}
	}
	return provision.Answer{Choice: d.Default}, nil
}

// lineReader reads lines of the terminal until its context ends.
type lineReader struct {
	ctx context.Context
	in  *bufio.Reader
}

func newLineReader(ctx context.Context) *lineReader {
	return &lineReader{ctx, bufio.NewReader(os.Stdin)}
}

func (l *lineReader) read() (string, error) {
	line, err := await(l.ctx, func() ([]byte, error) { return l.in.ReadBytes('\n') })
	return string(line), err
}

// await reads until there is something or ctx ends. A read of a terminal cannot be interrupted; the process ends with it.
func await(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		text []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := read()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
