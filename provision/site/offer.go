package site

import (
	"context"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

// Mended is a file of the site that was put right here, and the step that asked for it.
type Mended struct {
	Step string
	Edit Edit
}

// OfferFixes puts right what the program can put right of the site's own files, here: each diff is shown and agreed to, or
// agreed to beforehand with --fix. What is declined stays, and the step that asks for it fails. It returns what it changed,
// also beside an error.
func OfferFixes(ctx context.Context, source string, report Report, words *language.Printer, decider provision.Decider, agreed bool) ([]Mended, error) {
	var mended []Mended
	for _, edit := range report.Edits() {
		if !agreed {
			answer, err := decider.Decide(ctx, fixDecision(edit, words))
			if err != nil {
				return mended, err
			}
			if answer.Choice != provision.AnswerYes {
				continue
			}
		}
		if err := Apply(source, edit); err != nil {
			return mended, provision.WithExit(provision.ExitUsage, err)
		}
		mended = append(mended, Mended{stepOf(report, edit), edit})
	}
	return mended, nil
}

func fixDecision(edit Edit, words *language.Printer) provision.Decision {
	return provision.Decision{
		Kind:     provision.DecideFix,
		Question: words.T("fix.question", edit.File),
		Detail:   edit.Diff,
		Options:  []provision.Option{{ID: provision.AnswerYes, Label: words.T("fix.yes")}, {ID: provision.AnswerNo, Label: words.T("fix.no")}},
		Default:  provision.AnswerYes,
		Headless: provision.AnswerNo,
		Remedy:   "--fix",
	}
}

// stepOf is the first step that has a problem which the edit mends.
func stepOf(report Report, edit Edit) string {
	for _, p := range report.Problems {
		if p.Edit != nil && p.Edit.File == edit.File {
			return p.Step
		}
	}
	return StepDockerfile
}
