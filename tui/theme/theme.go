// Package theme holds the looks of the terminal interface: its styles and its glyphs.
//
// Colours are the sixteen of the terminal's own palette, which the person chose to suit a light or a dark background; the
// terminal is never asked for its colours. Glyphs are narrow in every locale: those whose width East Asian terminals double
// (box drawing, blocks, the ellipsis) are not used, and arrows only
// where a cell more moves nothing.
package theme

import (
	"io"
	"strings"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// Theme is a set of styles and glyphs for one terminal.
type Theme struct {
	Text, Strong, Faint lipgloss.Style
	Accent              lipgloss.Style // what is going on, what is chosen
	Good, Warn, Bad     lipgloss.Style
	Added, Removed      lipgloss.Style // lines of a diff
	Place               lipgloss.Style // where a diff's lines stand
	Key                 lipgloss.Style // a key in a line of help
	Chosen              lipgloss.Style // the highlighted choice
	Match               lipgloss.Style // what a search found

	Glyphs
}

// New returns the theme for a terminal that out leads to. env is the environment, as of os.Environ.
func New(out io.Writer, env []string, noColor bool) *Theme {
	get := Environ(env)
	renderer := lipgloss.NewRenderer(out, termenv.WithEnvironment(get), termenv.WithTTY(true))
	renderer.SetColorProfile(profile(get))
	renderer.SetHasDarkBackground(true) // nothing depends on it: set, so that the terminal is not asked
	return build(renderer, Unicode(env), !noColor && get.Getenv("NO_COLOR") == "")
}

// Printed is New for lines that are printed and not drawn: nothing is chosen or marked in them, so that without colours they
// are text alone.
func Printed(out io.Writer, env []string, noColor bool) *Theme {
	if noColor || Environ(env).Getenv("NO_COLOR") != "" {
		return Bare(env)
	}
	return New(out, env, false)
}

// Bare returns the theme for what is no terminal: text alone, and the glyphs that the locale has.
func Bare(env []string) *Theme { return build(discarding(termenv.Ascii), Unicode(env), false) }

// Plain returns the theme without colours, with Unicode glyphs: for tests.
func Plain() *Theme {
	return build(discarding(termenv.Ascii), true, false)
}

// Coloured returns the theme with the sixteen colours whatever the output: for pictures of the screens.
func Coloured() *Theme {
	return build(discarding(termenv.ANSI), true, true)
}

func discarding(profile termenv.Profile) *lipgloss.Renderer {
	renderer := lipgloss.NewRenderer(io.Discard)
	renderer.SetColorProfile(profile)
	renderer.SetHasDarkBackground(true)
	return renderer
}

// build makes the styles. Without colours bold, faint and reversed text stay: they are no colours, and tell the chosen line
// from the others.
func build(r *lipgloss.Renderer, unicode, colours bool) *Theme {
	s := r.NewStyle()
	colour := func(n string) lipgloss.Style {
		if !colours {
			return s
		}
		return s.Foreground(lipgloss.Color(n))
	}
	t := &Theme{
		Text:    s,
		Strong:  s.Bold(true),
		Faint:   s.Faint(true),
		Accent:  colour("6"),
		Good:    colour("2"),
		Warn:    colour("3"),
		Bad:     colour("1"),
		Added:   colour("2"),
		Removed: colour("1"),
		Place:   colour("6"),
		Key:     s.Bold(true),
		Chosen:  colour("6").Bold(true),
		Match:   s.Reverse(true),
		Glyphs:  ascii(),
	}
	if unicode {
		t.Glyphs = narrow()
	}
	return t
}

// Environ is an environment, as of os.Environ.
type Environ []string

// Environ implements termenv.Environ.
func (e Environ) Environ() []string { return e }

// Getenv implements termenv.Environ; of a variable that is set twice the last one counts, as for a shell.
func (e Environ) Getenv(name string) string {
	for i := len(e) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(e[i], name+"="); ok {
			return value
		}
	}
	return ""
}

func profile(env Environ) termenv.Profile {
	if term := env.Getenv("TERM"); term == "" || term == "dumb" {
		return termenv.Ascii
	}
	return termenv.ANSI // sixteen colours are all that is used
}

// Unicode tells whether the locale of env is a UTF-8 one and the terminal has the glyphs; the Linux console has not.
func Unicode(env []string) bool {
	get := Environ(env)
	switch get.Getenv("TERM") {
	case "", "dumb", "linux", "vt100", "vt220":
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if value := strings.ToLower(get.Getenv(name)); value != "" {
			return strings.Contains(value, "utf-8") || strings.Contains(value, "utf8")
		}
	}
	return false
}

// Glyphs are the signs of the interface, each one cell wide in every locale.
type Glyphs struct {
	Done, Failed, Skipped, Waiting string   // the state of a step
	Same                           string   // a step that was as wanted already
	Pointer                        string   // before the highlighted choice
	Checked, Unchecked             string   // a choice that can be taken back
	Down                           string   // an arrow's head
	ArrowUp, ArrowDown, Arrows     string   // keys, and where there is more
	Full, Empty                    string   // of a progress bar
	Spinner                        []string // its frames
	Levels                         []string // of a sparkline, the lowest first
}

func narrow() Glyphs {
	return Glyphs{
		Done: "✓", Failed: "✗", Skipped: "-", Waiting: "◦", Same: "=",
		Pointer: "▸", Checked: "[✓]", Unchecked: "[ ]",
		Down: "▾", ArrowUp: "↑", ArrowDown: "↓", Arrows: "↑↓",
		Full: "⣿", Empty: "⣀",
		Spinner: []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"},
		Levels:  []string{"⣀", "⣤", "⣶", "⣿"},
	}
}

func ascii() Glyphs {
	return Glyphs{
		Done: "+", Failed: "x", Skipped: "-", Waiting: ".", Same: "=",
		Pointer: ">", Checked: "[x]", Unchecked: "[ ]",
		Down: "v", ArrowUp: "^", ArrowDown: "v", Arrows: "up down",
		Full: "#", Empty: "-",
		Spinner: []string{"|", "/", "-", "\\"},
		Levels:  []string{"_", "-", "=", "#"},
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
