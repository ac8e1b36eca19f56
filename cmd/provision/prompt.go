package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/safetext"
	prompting "github.com/kehuo/provision/tui/prompt"
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
	lines, err := prompting.New(ctx, p.in, p.out)
	if err != nil {
		return provision.Answer{}, err
	}
	defer lines.Close()
	if d.Secret {
		secret, err := lines.Secret(question)
		return provision.Answer{Secret: provision.NewSecret(secret)}, err
	}
	return p.choose(lines, question, d)
}

// choose asks until the answer is one of the options. An empty line takes the default; nothing else does, for a person who
// answers "abort" wants anything but that.
func (p prompt) choose(lines *prompting.Lines, question string, d provision.Decision) (provision.Answer, error) {
	var plain, marked []string
	for _, o := range d.Options {
		plain = append(plain, o.ID)
		if o.ID == d.Default {
			marked = append(marked, strings.ToUpper(o.ID))
		} else {
			marked = append(marked, o.ID)
		}
	}
	for {
		line, err := lines.Line(fmt.Sprintf("%s [%s] ", question, strings.Join(marked, "/")))
		if err != nil {
			return provision.Answer{}, err
		}
		if choice, ok := chosen(line, d); ok {
			return provision.Answer{Choice: choice}, nil
		}
		lines.Say(p.words.T("prompt.again", strings.Join(plain, "/")))
	}
}

// chosen is the option that a line names, by its beginning at least; ok is false where it names none, or more than one.
func chosen(line string, d provision.Decision) (id string, ok bool) {
	typed := strings.ToLower(line)
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
