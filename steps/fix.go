package steps

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/site"
)

// Edits are the changes to the site's own files, here, that put right what the program can put right.
func Edits(inv *inventory.Inventory, words *language.Printer) []site.Edit {
	return examine(inv, words).Edits()
}

// Fix makes these changes and shows them on w. Each file is replaced whole, so that none is left half written.
func Fix(inv *inventory.Inventory, words *language.Printer, w io.Writer) error {
	for _, edit := range Edits(inv, words) {
		if _, err := fmt.Fprintln(w, edit.Diff); err != nil {
			return err
		}
		if err := WriteEdit(inv.Site.Source, edit); err != nil {
			return err
		}
	}
	return nil
}

// WriteEdit replaces a file of the source by its mended content, with the permissions that it has.
func WriteEdit(source string, edit site.Edit) error {
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
