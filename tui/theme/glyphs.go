package theme

import "strings"

// Glyphs are the signs of the interface, each one cell wide in every locale.
type Glyphs struct {
	Done, Failed, Skipped, Waiting string   // the state of a step
	Same                           string   // a step that was as wanted already
	Pointer                        string   // before the highlighted choice
	Checked, Unchecked             string   // a choice that can be taken back
	Down, Bar                      string   // an arrow's head and its shaft
	Full, Empty                    string   // of a progress bar
	Mask                           rune     // stands for a character of a secret
	Spinner                        []string // its frames
}

func narrow() Glyphs {
	return Glyphs{
		Done: "✓", Failed: "✗", Skipped: "-", Waiting: "◦", Same: "=",
		Pointer: "▸", Checked: "[✓]", Unchecked: "[ ]",
		Down: "▾", Bar: "⡇",
		Full: "⣿", Empty: "⣀",
		Mask:    '*',
		Spinner: []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"},
	}
}

func ascii() Glyphs {
	return Glyphs{
		Done: "+", Failed: "x", Skipped: "-", Waiting: ".", Same: "=",
		Pointer: ">", Checked: "[x]", Unchecked: "[ ]",
		Down: "v", Bar: "|",
		Full: "#", Empty: "-",
		Mask:    '*',
		Spinner: []string{"|", "/", "-", "\\"},
	}
}

// Gauge draws done of total as a bar of width cells.
func (g Glyphs) Gauge(done, total int64, width int) string {
	if width <= 0 {
		return ""
	}
	n := 0
	if total > 0 {
		n = int(float64(min(max(done, 0), total)) / float64(total) * float64(width))
	}
	return strings.Repeat(g.Full, n) + strings.Repeat(g.Empty, width-n)
}
