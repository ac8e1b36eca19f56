package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/muesli/cancelreader"
	"golang.org/x/term"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/lines"
	"github.com/kehuo/provision/tui/page"
)

// accessible is the wizard for screen readers and for terminals that can only print: questions one after the other, and the
// lines of the plain printer.
func accessible(ctx context.Context, c Config) (provision.RunFinished, error) {
	p, err := newPrompter(ctx, c)
	if err != nil {
		return provision.RunFinished{ExitCode: provision.ExitFailed}, err
	}
	defer p.close()
	if c.Form != nil {
		if err := p.form(ctx); err != nil {
			return provision.RunFinished{ExitCode: provision.ExitInterrupted}, err
		}
	}
	for {
		printer := lines.NewPlain(c.Out, c.Words, c.Verbose)
		p.flush = printer.Flush
		finished := c.Deploy(ctx, printer.Emit, p)
		if err := printer.Close(); err != nil {
			return finished, err
		}
		if finished.ExitCode == provision.ExitOK || ctx.Err() != nil || declined(finished) || reached(finished) {
			return finished, nil
		}
		again, err := p.afterFailure(ctx)
		switch {
		case errors.Is(err, errEnd):
			return finished, nil
		case err != nil || !again:
			return finished, err
		}
	}
}

// form asks for what a new inventory needs, field by field, and writes it.
func (p *prompter) form(ctx context.Context) error {
	f, words := p.config.Form, p.config.Words
	p.say(words.T("wizard.form.title"))
	p.say(words.T("wizard.form.about", p.config.Inventory))
	var found map[string][]string
	if f.Suggest != nil {
		found = f.Suggest(ctx)
	}
	values := map[string]string{}
	for _, field := range f.Fields {
		field.Default = field.Standard(found, values)
		value, err := p.field(ctx, field, values)
		if err != nil {
			return err
		}
		values[field.Name] = value
	}
	return f.Write(values)
}

// field asks for one value until it is right; an empty answer takes the default, a single "-" empties an optional field.
func (p *prompter) field(ctx context.Context, field page.Field, values map[string]string) (string, error) {
	words := p.config.Words
	title := words.T("wizard.field." + field.Name)
	help := words.T("wizard.field." + field.Name + ".help")
	if field.Optional && field.Default != "" {
		help += " " + words.T("wizard.form.enter")
	}
	p.say(title + ": " + help)
	for {
		value, err := p.line(title + " [" + field.Default + "]: ")
		if err != nil {
			return "", err
		}
		if value == "" {
			value = field.Default
		}
		if field.Optional && value == "-" {
			value = ""
		}
		if value == "" && !field.Optional {
			p.say(words.T("wizard.form.empty"))
			continue
		}
		if p.config.Form.Check == nil {
			return value, nil
		}
		values[field.Name] = value
		note, err := p.config.Form.Check(ctx, field.Name, value, values)
		if err == nil {
			p.say(note)
			return value, nil
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		p.say(words.Error(err))
	}
}

// afterFailure asks what to do; again means to retry.
func (p *prompter) afterFailure(ctx context.Context) (again bool, err error) {
	words := p.config.Words
	d := provision.Decision{Question: words.T("wizard.accessible.what"), Default: "retry",
		Options: []provision.Option{{ID: "retry", Label: words.T("wizard.fail.retry")}}}
	if p.config.Report != nil {
		d.Options = append(d.Options, provision.Option{ID: "report", Label: words.T("wizard.fail.report")})
	}
	d.Options = append(d.Options, provision.Option{ID: "leave", Label: words.T("wizard.fail.leave")})
	for {
		answer, err := p.Decide(ctx, d)
		if err != nil {
			return false, err
		}
		if answer.Choice != "report" {
			return answer.Choice == "retry", nil
		}
		text, err := p.config.Report()
		if err == nil {
			err = p.config.SaveReport(p.config.ReportFile, text)
		}
		if err != nil {
			p.say(words.Error(err))
			continue
		}
		p.say(words.T("wizard.report.saved", p.config.ReportFile))
	}
}

// prompter asks by plain lines: what huh's accessible fields do, but in the person's language, with an end when the input
// ends, and so that the end of the run interrupts a question.
type prompter struct {
	config Config
	in     cancelreader.CancelReader
	flush  func() error // of what is printed between the questions
	stop   func() bool
	ended  bool // ctrl+d ends the input for good
}

// errEnd is the end of the input: nobody is there to answer.
var errEnd = provision.Fail("wizard.input-ended")

func newPrompter(ctx context.Context, c Config) (*prompter, error) {
	in, err := cancelreader.NewReader(c.In)
	if err != nil {
		return nil, provision.Fail("wizard.input-unreadable", err)
	}
	p := &prompter{config: c, in: in, flush: func() error { return nil }}
	p.stop = context.AfterFunc(ctx, func() { in.Cancel() })
	return p, nil
}

func (p *prompter) close() {
	p.stop()
	_ = p.in.Close() // of the reader, not of the input
}

func (p *prompter) say(text string) {
	if text != "" {
		_, _ = fmt.Fprintln(p.config.Out, text)
	}
}

// Decide implements provision.Decider.
func (p *prompter) Decide(ctx context.Context, d provision.Decision) (provision.Answer, error) {
	if err := p.flush(); err != nil {
		return provision.Answer{}, err
	}
	p.describe(d)
	answer, err := p.answer(d)
	if ctx.Err() != nil {
		return provision.Answer{}, ctx.Err()
	}
	return answer, err
}

func (p *prompter) describe(d provision.Decision) {
	for _, change := range d.Changes {
		if change.Diff != "" {
			p.say(change.Step + ": " + safetext.Line(change.Action))
			p.say(safetext.Text(strings.TrimRight(change.Diff, "\n")))
		}
	}
	p.say(safetext.Text(d.Detail))
}

func (p *prompter) answer(d provision.Decision) (provision.Answer, error) {
	question := safetext.Line(d.Question)
	switch {
	case len(d.Options) > 0:
		choice, err := p.choose(question, d)
		return provision.Answer{Choice: choice}, err
	case d.Secret:
		text, err := p.secret(asking(question))
		return provision.Answer{Secret: provision.NewSecret(text)}, err
	}
	text, err := p.line(asking(question))
	return provision.Answer{Choice: text}, err
}

// asking is a question with one colon at its end: that of a host may have its own.
func asking(question string) string { return strings.TrimRight(question, ":： ") + ": " }

// choose offers numbered options; an empty answer takes the default, where there is one.
func (p *prompter) choose(question string, d provision.Decision) (string, error) {
	common := page.Common{Words: p.config.Words}
	p.say(question)
	number := ""
	for i, o := range d.Options {
		if o.ID == d.Default {
			number = strconv.Itoa(i + 1)
		}
		p.say(fmt.Sprintf("%d. %s", i+1, common.OptionLabel(d, o)))
	}
	prompt := p.config.Words.T("wizard.accessible.choose")
	if number != "" {
		prompt += " [" + number + "]"
	}
	for {
		text, err := p.line(prompt + ": ")
		if err != nil {
			return "", err
		}
		if text == "" {
			text = number
		}
		if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(d.Options) {
			return d.Options[n-1].ID, nil
		}
		p.say(p.config.Words.T("wizard.accessible.number", len(d.Options)))
	}
}

// line asks for a line of text.
func (p *prompter) line(prompt string) (string, error) {
	_, _ = io.WriteString(p.config.Out, prompt)
	var line []byte
	for {
		b, err := p.read()
		switch {
		case errors.Is(err, errEnd) && len(line) > 0, err == nil && b == '\n':
			return strings.TrimSpace(string(line)), nil
		case err != nil:
			return "", err
		}
		line = append(line, b)
	}
}

// read takes one byte: what comes after a line belongs to the next question.
func (p *prompter) read() (byte, error) {
	var b [1]byte
	for !p.ended {
		n, err := p.in.Read(b[:])
		switch {
		case n == 1:
			return b[0], nil
		case errors.Is(err, cancelreader.ErrCanceled):
			return 0, context.Canceled
		case err != nil:
			p.ended = true
		}
	}
	return 0, errEnd
}

// secret asks for a line that is not shown.
func (p *prompter) secret(prompt string) (string, error) {
	file, ok := p.config.In.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return p.line(prompt) // nothing echoes what comes from a pipe
	}
	before, err := term.MakeRaw(int(file.Fd())) // before the prompt: who sees it may type
	if err != nil {
		return "", provision.Fail("wizard.secret-shown", err)
	}
	_, _ = io.WriteString(p.config.Out, prompt)
	text, err := p.unseen()
	_, _ = io.WriteString(p.config.Out, "\r\n")
	return text, errors.Join(err, term.Restore(int(file.Fd()), before))
}

// unseen reads a line of a terminal in raw mode.
func (p *prompter) unseen() (string, error) {
	var line []rune
	var pending []byte
	for {
		b, err := p.read()
		if err != nil {
			return "", err
		}
		switch b {
		case '\r', '\n':
			return string(line), nil
		case 0x03: // ctrl+c
			return "", context.Canceled
		case 0x7f, 0x08: // backspace
			line = line[:max(len(line)-1, 0)]
		case 0x15: // ctrl+u
			line = nil
		default:
			pending = append(pending, b)
			if r := []rune(string(pending)); r[0] != '\ufffd' || len(pending) == 4 {
				line, pending = append(line, r...), nil
			}
		}
	}
}
