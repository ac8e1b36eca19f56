package tui

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/page"
	"github.com/kehuo/provision/tui/prompt"
	"github.com/kehuo/provision/tui/sanitize"
)

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
			p.Say(change.Step + ": " + sanitize.Line(change.Action))
			p.Say(sanitize.Lines(strings.TrimRight(change.Diff, "\n")))
		}
	}
	p.Say(sanitize.Lines(d.Detail))
}

func (p *prompter) answer(d provision.Decision) (provision.Answer, error) {
	question := sanitize.Line(d.Question)
	if d.Kind == provision.DecidePlan { // the engine, which asks, knows no languages
		question = p.config.Words.T("prompt.plan", len(d.Changes), d.Host)
	}
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
