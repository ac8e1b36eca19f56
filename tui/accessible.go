package tui

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui/lines"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/prompt"
)

// accessible is the wizard for screen readers and for terminals that can only print: questions one after the other, and the
// lines of the plain printer.
func accessible(ctx context.Context, c Config) (provision.RunFinished, error) {
	p, err := newPrompter(ctx, c)
	if err != nil {
		return provision.RunFinished{ExitCode: provision.ExitFailed}, err
	}
	defer p.Close()
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
		case prompt.Ended(err):
			return finished, nil
		case err != nil || !again:
			return finished, err
		}
	}
}

// form asks for what a new inventory needs, and writes it.
func (p *prompter) form(ctx context.Context) error {
	words, answers := p.config.Words, setup.Answers{}
	p.Say(words.T("wizard.form.title"))
	p.Say(words.T("wizard.form.about", p.config.Inventory))
	if err := setup.Ask(ctx, p.config.Form, words, p.Lines, setup.FirstQuestions(), answers); err != nil {
		return err
	}
	return p.config.Form.Write(answers)
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
			p.Say(words.Error(err))
			continue
		}
		p.Say(words.T("wizard.report.saved", p.config.ReportFile))
	}
}

// prompter asks by plain lines: what huh's accessible fields do, but in the person's language, with an end when the input
// ends, and so that the end of the run interrupts a question.
type prompter struct {
	*prompt.Lines
	config Config
	flush  func() error // of what is printed between the questions
}

func newPrompter(ctx context.Context, c Config) (*prompter, error) {
	lines, err := prompt.New(ctx, c.In, c.Out)
	return &prompter{Lines: lines, config: c, flush: func() error { return nil }}, err
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
			p.Say(change.Step + ": " + safetext.Line(change.Action))
			p.Say(safetext.Text(strings.TrimRight(change.Diff, "\n")))
		}
	}
	p.Say(safetext.Text(d.Detail))
}

func (p *prompter) answer(d provision.Decision) (provision.Answer, error) {
	question := safetext.Line(d.Question)
	switch {
	case len(d.Options) > 0:
		choice, err := p.choose(question, d)
		return provision.Answer{Choice: choice}, err
	case d.Secret:
		text, err := p.Secret(question)
		return provision.Answer{Secret: provision.NewSecret(text)}, err
	}
	text, err := p.Line(prompt.Asking(question))
	return provision.Answer{Choice: text}, err
}

// choose offers numbered options; an empty answer takes the default, where there is one.
func (p *prompter) choose(question string, d provision.Decision) (string, error) {
	common := page.Common{Words: p.config.Words}
	p.Say(question)
	number := ""
	for i, o := range d.Options {
		if o.ID == d.Default {
			number = strconv.Itoa(i + 1)
		}
		p.Say(fmt.Sprintf("%d. %s", i+1, common.OptionLabel(d, o)))
	}
	choose := p.config.Words.T("wizard.accessible.choose")
	if number != "" {
		choose += " [" + number + "]"
	}
	for {
		text, err := p.Line(choose + ": ")
		if err != nil {
			return "", err
		}
		if text == "" {
			text = number
		}
		if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(d.Options) {
			return d.Options[n-1].ID, nil
		}
		p.Say(p.config.Words.T("wizard.accessible.number", len(d.Options)))
	}
}
