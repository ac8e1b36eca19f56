package page

import (
	"strings"

	"github.com/kehuo/provision/tui/cells"
	"github.com/kehuo/provision/tui/pane"
)

// reader is text that a person decides by. What does not fit can be scrolled to, and a row below says how much that is:
// nobody should agree to what was out of sight without a sign.
type reader struct {
	*Common
	pane          *pane.Pane
	width, height int
	tall          bool // there is more text than place
}

func newReader(c *Common) *reader { return &reader{Common: c, pane: pane.New(c.Theme, c.Words, false)} }

// fill shows other lines, from the first.
func (r *reader) fill(list []pane.Line) {
	r.pane.Clear()
	r.pane.Append(list...)
	r.pane.Top()
}

// setSize gives the text its place; the row that tells of more is in it.
func (r *reader) setSize(width, height int) {
	r.width, r.height = width, max(height, 1)
	r.pane.SetSize(r.width, r.height)
	r.tall = r.pane.Rows(r.height+1) > r.height
	if r.tall && r.height > 1 {
		r.pane.SetSize(r.width, r.height-1)
	}
}

func (r *reader) view() []string {
	rows := strings.Split(r.pane.View(), "\n")
	if !r.tall || r.height == 1 {
		return rows
	}
	more := ""
	if n := r.pane.Below(); n > 0 {
		more = r.Theme.Faint.Render(cells.Cut(r.T("wizard.more", n), r.width))
	}
	return append(rows, more)
}

// keys are those that scroll, where there is anything to scroll.
func (r *reader) keys() []Key {
	if !r.tall {
		return nil
	}
	return []Key{r.key("pgup pgdn", "scroll")}
}
