package page

import (
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/tui/sanitize"
)

// column is where the values start: behind the longest name.
func (f *Form) column() int {
	w := 0
	for _, field := range f.fields {
		w = max(w, ansi.StringWidth(f.T("wizard.field."+field.Name)))
	}
	return min(w+6, max(f.width/2, 12))
}

// View implements Page.
func (f *Form) View() string {
	t := f.Theme
	head := block{width: f.width}
	head.add(t.Strong, f.T("wizard.form.title"))
	if f.height >= 18 {
		head.add(t.Faint, f.T("wizard.form.about", f.file))
	}
	head.gap()
	var rows []string
	var starts []int // of the fields
	focus := 0
	for i := range f.fields {
		if i == f.at {
			focus = len(rows)
		}
		starts = append(starts, len(rows))
		rows = append(rows, f.row(i)...)
	}
	if f.at == len(f.fields) {
		focus = len(rows) + 1
	}
	rows = append(rows, "", f.button())
	if f.err != nil {
		b := block{width: f.width}
		b.add(t.Bad, sanitize.Lines(f.Words.Error(f.err)))
		rows = append(rows, b.rows...)
	}
	if space := f.height - len(head.rows); len(rows) > space && space > 1 { // keep the field that is typed into in sight
		from := min(max(focus-space/2, 0), len(rows)-space)
		rows = rows[from : from+space]
		f.signs(head.rows, rows, starts, from)
	}
	return strings.Join(Rows(strings.Join(append(head.rows, rows...), "\n"), f.height), "\n")
}

// signs tells of the fields that are out of sight, in the empty row above those in sight and over the last of their rows.
func (f *Form) signs(head, rows []string, starts []int, from int) {
	above, below := 0, 0
	for _, start := range starts {
		if start < from {
			above++
		}
		if start >= from+len(rows)-1 {
			below++
		}
	}
	if above > 0 {
		head[len(head)-1] = f.Theme.Faint.Render(Cut(f.T("wizard.form.above", above), f.width))
	}
	if below > 0 {
		rows[len(rows)-1] = f.Theme.Faint.Render(Cut(f.T("wizard.form.below", below), f.width))
	}
}

// row is a field's line, and under the one with the cursor what it means and what was found.
func (f *Form) row(i int) []string {
	t, field := f.Theme, f.fields[i]
	here := i == f.at
	sign, note, wrong := " ", sanitize.Line(f.checked.Fields[field.Name].Note), f.wrong(i)
	input := f.inputs[i]
	if here && f.standard(i) { // what is typed replaces it
		input.TextStyle = t.Faint
	}
	value := input.View()
	switch {
	case wrong != "" && f.touched[field.Name]:
		sign = t.Bad.Render(t.Failed)
	case wrong == "" && f.inputs[i].Value() != "" && f.checked.Number > 0:
		sign = t.Good.Render(t.Done)
	}
	pointer, name := "  ", t.Text.Render(f.T("wizard.field."+field.Name))
	if here {
		pointer, name = t.Accent.Render(t.Pointer)+" ", t.Chosen.Render(f.T("wizard.field."+field.Name))
	}
	rows := []string{Fit(pointer+sign+" "+name, f.column()) + ansi.Truncate(value, f.width-f.column(), "")}
	below := block{width: max(f.width-f.column(), 10)}
	switch {
	case wrong != "" && f.touched[field.Name]:
		below.add(t.Bad, wrong)
	case note != "":
		below.add(t.Faint, note)
	}
	if here {
		f.explain(&below, field.Name)
	}
	for _, row := range below.rows {
		rows = append(rows, strings.Repeat(" ", f.column())+row)
	}
	return rows
}

func (f *Form) explain(b *block, name string) {
	if help := "wizard.field." + name + ".help"; f.has(help) && len(b.rows) == 0 {
		b.add(f.Theme.Faint, f.T(help))
	}
	if list := f.suggestions[name]; len(list) > 1 {
		shown := list[:min(len(list), 4)]
		b.raw(f.Theme.Faint.Render(f.T("wizard.form.found", sanitize.Line(strings.Join(shown, "  ")))))
	}
}

func (f *Form) button() string {
	t := f.Theme
	label := f.T("wizard.form.write", f.file)
	if f.at == len(f.fields) {
		return t.Accent.Render(t.Pointer) + "   " + t.Chosen.Render(label)
	}
	return "    " + t.Faint.Render(label)
}
