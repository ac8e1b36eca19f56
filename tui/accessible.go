package tui

import (
	"context"
	"errors"

	"github.com/kehuo/provision/provision"
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
