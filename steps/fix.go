package steps

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/site"
)

// OfferFixes puts right what the program can put right of the site's own files, here: each diff is shown and agreed to, or
// agreed to beforehand with --fix. What is declined stays, and the step that asks for it fails.
func OfferFixes(ctx context.Context, inv *inventory.Inventory, words *language.Printer, decider provision.Decider, agreed bool) error {
	for _, edit := range examine(inv, words).Edits() {
		if !agreed {
			answer, err := decider.Decide(ctx, provision.Decision{
				Kind:     provision.DecideFix,
				Question: words.T("fix.question", edit.File),
				Detail:   edit.Diff,
				Options:  []provision.Option{{ID: provision.AnswerYes, Label: words.T("fix.yes")}, {ID: provision.AnswerNo, Label: words.T("fix.no")}},
				Default:  provision.AnswerYes,
				Headless: provision.AnswerNo,
				Remedy:   "--fix",
			})
			if err != nil {
				return err
			}
			if answer.Choice != provision.AnswerYes {
				continue
			}
		}
		if err := writeEdit(inv.Site.Source, edit); err != nil {
			return err
		}
	}
	return nil
}

// writeEdit replaces a file of the source by its mended content, with the permissions that it has.
func writeEdit(source string, edit site.Edit) error {
	path := filepath.Join(source, filepath.FromSlash(edit.File))
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("mend %s: %w", path, err)
	}
	temporary := path + ".new"
	if err := os.WriteFile(temporary, edit.Content, info.Mode().Perm()); err != nil {
		return fmt.Errorf("mend %s: %w", path, err)
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("mend %s: %w", path, err)
	}
	return nil
}
