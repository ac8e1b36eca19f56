package tui

import (
	"context"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/tui/lines"
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
