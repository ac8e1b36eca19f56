package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
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
		_, _ = fmt.Fprintln(p.out, safetext.Text(d.Detail))
	}
	question := safetext.Line(d.Question)
	if d.Secret {
		return p.secret(ctx, question)
	}
	return p.choose(ctx, question, d)
}

// secret asks for a line that is not shown. A read of the terminal goes on when ctx ends, and with it the terminal's silence:
// whoever types in the shell afterwards wants to see it.
func (p prompt) secret(ctx context.Context, question string) (provision.Answer, error) {
	terminal := int(p.in.Fd())
	before, err := term.GetState(terminal)
	if err != nil {
		return provision.Answer{}, fmt.Errorf("the terminal cannot be kept from showing a secret: %w", err)
	}
	_, _ = fmt.Fprintf(p.out, "%s: ", strings.TrimRight(question, ": ")) // a host's own prompt has a colon already
	secret, err := await(ctx, func() ([]byte, error) { return term.ReadPassword(terminal) })
	if err != nil {
		err = errors.Join(err, term.Restore(terminal, before))
	}
	_, _ = fmt.Fprintln(p.out)
	return provision.Answer{Secret: provision.NewSecret(string(secret))}, err
}

// choose asks until the answer is one of the options. An empty line takes the default; nothing else does, for a person who
// answers "abort" wants anything but that.
func (p prompt) choose(ctx context.Context, question string, d provision.Decision) (provision.Answer, error) {
	var plain, marked []string
	for _, o := range d.Options {
		plain = append(plain, o.ID)
		if o.ID == d.Default {
			marked = append(marked, strings.ToUpper(o.ID))
		} else {
			marked = append(marked, o.ID)
		}
	}
	lines := bufio.NewReader(p.in)
	for {
		_, _ = fmt.Fprintf(p.out, "%s [%s] ", question, strings.Join(marked, "/"))
		line, err := await(ctx, func() ([]byte, error) { return lines.ReadBytes('\n') })
		if err != nil {
			return provision.Answer{}, err
		}
		if choice, ok := chosen(string(line), d); ok {
			return provision.Answer{Choice: choice}, nil
		}
		_, _ = fmt.Fprintln(p.out, p.words.T("prompt.again", strings.Join(plain, "/")))
	}
}

// chosen is the option that a line names, by its beginning at least; ok is false where it names none, or more than one.
func chosen(line string, d provision.Decision) (id string, ok bool) {
	typed := strings.ToLower(strings.TrimSpace(line))
	switch typed {
	case "":
		return d.Default, d.Default != ""
	case "是":
		typed = provision.AnswerYes
	case "否":
		typed = provision.AnswerNo
	}
	for _, o := range d.Options {
		switch name := strings.ToLower(o.ID); {
		case name == typed:
			return o.ID, true
		case strings.HasPrefix(name, typed) && id != "":
			return "", false
		case strings.HasPrefix(name, typed):
			id = o.ID
		}
	}
	return id, id != ""
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
