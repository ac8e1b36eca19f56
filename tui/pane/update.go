package pane

import tea "github.com/charmbracelet/bubbletea"

// wheel is how many rows a turn of the mouse wheel moves.
const wheel = 3

// Update scrolls and searches.
func (p *Pane) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		if p.find.typing {
			return p.updateSearch(msg)
		}
		return p.key(msg.String())
	case tea.MouseMsg:
		switch msg.Button {
		case tea.MouseButtonWheelUp:
			p.move(-wheel)
		case tea.MouseButtonWheelDown:
			p.down(wheel)
		}
	default:
		if p.find.typing {
			var cmd tea.Cmd
			p.find.input, cmd = p.find.input.Update(msg)
			return cmd
		}
	}
	return nil
}

func (p *Pane) key(key string) tea.Cmd {
	switch key {
	case "up", "k":
		p.move(-1)
	case "down", "j":
		p.down(1)
	case "pgup", "b", "ctrl+u":
		p.move(1 - p.content())
	case "pgdown", " ", "ctrl+d":
		p.down(p.content() - 1)
	case "home", "g":
		p.Top()
	case "end", "G", "f":
		p.follow = true
	case "n":
		p.next(false)
	case "N":
		p.next(true)
	case "esc":
		p.find.query = ""
	case "/":
		return p.Search()
	}
	return nil
}

// Search starts to ask for what to look for.
func (p *Pane) Search() tea.Cmd {
	p.find.typing, p.find.missed = true, false
	p.find.input.SetValue("")
	return p.find.input.Focus()
}

// down scrolls down; at the end the pane follows again.
func (p *Pane) down(rows int) {
	p.move(rows)
	p.follow = !p.start().less(p.end())
}
