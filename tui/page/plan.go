package page

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/keymap"
	"github.com/kehuo/provision/tui/lines"
	"github.com/kehuo/provision/tui/pane"
)

// Plan shows what a run would change on a host, to be approved whole or step by step.
type Plan struct {
	*Common
	frame
	list     int // width of the list of steps
	decision provision.Decision
	steps    []string // all of the run, in their order
	changing []string // those that would change something
	approved map[string]bool
	at       int     // index into changing
	reading  bool    // keys go to the changes
	changes  *reader // of the chosen step
	answered bool    // a second enter must not answer the next host's plan
	Form     bool    // the inventory came from the form, to which esc goes back
	Held     string  // who else is at work on the host; empty: nobody
	Several  bool    // there are plans of several hosts: this one names its own
}

// NewPlan returns the page; steps are the ids of all steps of the run.
func NewPlan(c *Common, d provision.Decision, steps []string) *Plan {
	p := &Plan{Common: c, decision: d, steps: slices.Clone(steps), approved: map[string]bool{}, changes: newReader(c)}
	for _, change := range d.Changes {
		if !slices.Contains(p.changing, change.Step) {
			p.changing = append(p.changing, change.Step)
			p.approved[change.Step] = true
		}
		if !slices.Contains(p.steps, change.Step) {
			p.steps = append(p.steps, change.Step)
		}
	}
	slices.SortStableFunc(p.changing, func(a, b string) int { return slices.Index(p.steps, a) - slices.Index(p.steps, b) })
	p.show()
	return p
}

// SetSize implements Page.
func (p *Plan) SetSize(width, height int) {
	p.width, p.height = width, height
	p.list = ListWidth(width)
	p.layout()
}

func (p *Plan) layout() {
	w := p.right()
	rows := p.height - len(p.head(w)) - 1
	if p.list == 0 {
		rows-- // the step stands above it
	}
	p.changes.setSize(w, rows)
}

func (p *Plan) right() int {
	if p.list == 0 {
		return p.width
	}
	return p.width - p.list - cells.Gutter
}

// Typing implements Page.
func (p *Plan) Typing() bool { return p.changes.pane.Typing() }

// Keys implements Page.
func (p *Plan) Keys() []Key {
	if p.Typing() {
		return p.searching()
	}
	var keys []Key
	if len(p.chosen()) > 0 {
		keys = append(keys, p.key("enter", "apply"))
	}
	if p.reading && p.list == 0 { // where there is room for little, the way back is what one must not miss
		return append([]Key{p.key("tab", "back")}, append(keys, p.no())...)
	}
	if p.reading {
		return append(keys, p.key("tab", "back"), p.arrows("scroll"), p.key("/", "search"), p.no())
	}
	keys = append(keys, p.key("space", "toggle"), p.arrows("step"))
	if p.readable() {
		keys = append(keys, p.key("tab", "diff"))
	}
	if p.Form {
		keys = append(keys, p.key("esc", "form"))
	}
	return append(append(keys, p.changes.keys()...), p.no())
}

// readable reports whether the chosen step has a text that is worth going to: a diff, or more than is in sight.
func (p *Plan) readable() bool {
	return p.changes.tall || slices.ContainsFunc(p.of(p.changing[p.at]), func(c provision.Change) bool { return c.Diff != "" })
}

// no is the key that declines: the whole run, or this one of several hosts.
func (p *Plan) no() Key {
	if p.Several {
		return p.key("q", "decline")
	}
	return p.key("q", "leave")
}

// Update implements Page.
func (p *Plan) Update(msg tea.Msg) tea.Cmd {
	k, isKey := msg.(tea.KeyMsg)
	if !isKey || p.changes.pane.Typing() {
		return p.changes.pane.Update(msg)
	}
	action := keymap.Of(k.String())
	switch action {
	case keymap.Take:
		return p.answer()
	case keymap.Pane:
		p.reading = !p.reading && p.readable()
		return nil
	case keymap.Back:
		if p.reading && !p.changes.pane.Searching() {
			p.reading = false
			return nil
		}
		if p.Form && !p.reading && !p.answered {
			p.answered = true
			return intent(FormMsg{})
		}
	case keymap.Search:
		p.reading = true
	}
	if p.reading || scrolls(k) {
		return p.changes.pane.Update(msg)
	}
	p.choose(action)
	return nil
}

func (p *Plan) choose(action keymap.Action) {
	switch action {
	case keymap.Up:
		p.at = max(p.at-1, 0)
	case keymap.Down:
		p.at = min(p.at+1, len(p.changing)-1)
	case keymap.Toggle:
		// Each step builds on those before it: one that is left out takes the later ones with it, as in a run.
		in := !p.approved[p.changing[p.at]]
		for i, id := range p.changing {
			if in && i <= p.at || !in && i >= p.at {
				p.approved[id] = in
			}
		}
	case keymap.All:
		all := len(p.chosen()) < len(p.changing)
		for _, id := range p.changing {
			p.approved[id] = all
		}
	default:
		return
	}
	p.show()
}

func (p *Plan) chosen() []string {
	return slices.DeleteFunc(slices.Clone(p.changing), func(id string) bool { return !p.approved[id] })
}

func (p *Plan) answer() tea.Cmd {
	if p.answered {
		return nil
	}
	chosen := p.chosen()
	if len(chosen) == 0 { // to do nothing is not what enter stands for
		key := "wizard.plan.nothing"
		if p.Several {
			key = "wizard.plan.nothing-host"
		}
		return intent(NoticeMsg{p.T(key)})
	}
	p.answered = true
	if len(chosen) == len(p.changing) {
		chosen = nil // all that it takes, also what turns out later
	}
	return intent(AnswerMsg{provision.Answer{Choice: provision.AnswerYes, Steps: chosen}})
}

// show puts the changes of the chosen step on the screen: what is done and why, and then what differs.
func (p *Plan) show() {
	var list, diffs []pane.Line
	for _, c := range p.of(p.changing[p.at]) {
		list = append(list, pane.Line{Text: c.Action})
		if c.Reason != "" {
			list = append(list, pane.Line{Kind: pane.Note, Text: p.T("wizard.because", c.Reason)})
		}
		diffs = append(diffs, DiffLines(c.Diff)...)
	}
	if len(diffs) > 0 {
		list = append(append(list, pane.Line{}), diffs...)
	}
	p.changes.fill(list)
	p.layout()
}

func (p *Plan) of(step string) []provision.Change {
	return slices.DeleteFunc(slices.Clone(p.decision.Changes), func(c provision.Change) bool { return c.Step != step })
}

// DiffLines gives each line of a diff, or of a list of paths, its kind.
func DiffLines(diff string) []pane.Line {
	var list []pane.Line
	if diff == "" {
		return nil
	}
	for line := range strings.SplitSeq(strings.TrimRight(diff, "\n"), "\n") {
		kind := pane.Output
		switch {
		case strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "---"), strings.HasPrefix(line, "@@"):
			kind = pane.Place
		case strings.HasPrefix(line, "+"):
			kind = pane.Added
		case strings.HasPrefix(line, "-"):
			kind = pane.Removed
		case strings.HasPrefix(line, "~"):
			kind = pane.Error
		}
		list = append(list, pane.Line{Kind: kind, Text: line})
	}
	return list
}

// Host is the host that would change.
func (p *Plan) Host() string { return p.decision.Host }

// Summary is the plan in few words.
func (p *Plan) Summary() string { return safetext.Line(lines.SummaryText(p.Words, p.decision.Changes)) }

// head is what stands above the changes.
func (p *Plan) head(width int) []string {
	b := block{width: width}
	if p.Held != "" {
		b.add(p.Theme.Warn, safetext.Line(p.Held))
	}
	summary := p.Summary()
	switch {
	case p.Several && summary != "":
		b.add(p.Theme.Accent, p.T("lines.labelled", p.T("wizard.plan.host", safetext.Line(p.decision.Host)), summary))
	case p.Several:
		b.add(p.Theme.Accent, p.T("wizard.plan.host", safetext.Line(p.decision.Host)))
	case summary != "" && p.height < 14: // the header has no row for it
		b.add(p.Theme.Accent, summary)
	}
	step := p.changing[p.at]
	title := block{width: width - 2}
	title.add(p.Theme.Strong, p.T("step."+step+".title"))
	for i, row := range title.rows {
		if p.reading && i == 0 { // the pointer is where the keys go
			row = p.Theme.Accent.Render(p.Theme.Pointer) + " " + row
		}
		b.rows = append(b.rows, row)
	}
	if about := "step." + step + ".about"; p.has(about) && p.height >= 16 {
		b.add(p.Theme.Faint, p.T(about))
	}
	return b.rows[:min(len(b.rows), max(p.height-4, 1))]
}

// View implements Page.
func (p *Plan) View() string {
	p.layout()
	right := append(p.head(p.right()), "")
	right = append(right, p.changes.view()...)
	if p.list == 0 {
		return cells.Stack(append([]string{p.row(p.changing[p.at])}, right...), p.height)
	}
	var left []string
	for _, id := range p.steps {
		left = append(left, p.row(id))
	}
	left = append(left, "", p.Theme.Faint.Render(cells.Cut(p.count(), p.list)))
	return cells.Columns(left, p.list, right, p.height)
}

// count is how many of the steps are chosen.
func (p *Plan) count() string {
	if len(p.changing) == 1 {
		return p.T("wizard.approved-one", len(p.chosen()))
	}
	return p.T("wizard.approved", len(p.chosen()), len(p.changing))
}

func (p *Plan) row(id string) string {
	t := p.Theme
	title := Numbered(id, p.StepTitle(id))
	width := max(p.list, 20)
	if !slices.Contains(p.changing, id) {
		return t.Faint.Render(cells.Fit("      "+title, width))
	}
	box, style := t.Checked, t.Text
	if !p.approved[id] {
		box, style = t.Unchecked, t.Faint
	}
	pointer := " "
	if p.changing[p.at] == id {
		style = t.Strong
		if !p.reading {
			pointer, style = t.Accent.Render(t.Pointer), t.Chosen
		}
	}
	return pointer + " " + style.Render(cells.Fit(box+" "+title, width-2))
}
