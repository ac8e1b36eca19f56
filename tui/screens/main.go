// Command screens makes pictures of the wizard for the README: it turns the screens that the golden tests keep with their
// colours, tui/testdata/*.ansi, into SVG, and the recorded runs, *.film, into SVG that plays. Run it from the module's root:
//
//	go test ./tui -run 'TestColours|TestFilm' -update && go run ./tui/screens docs
package main

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./tui/screens FOLDER")
		os.Exit(2)
	}
	if err := run(filepath.Join("tui", "testdata"), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "screens:", err)
		os.Exit(1)
	}
}

// run makes a picture in the folder to of every screen in the folder from.
func run(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.ansi"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("there are no screens in %s; run this from the module's root", from)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, file := range files {
		screen, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := write(to, file, ".ansi", picture(string(screen))); err != nil {
			return err
		}
	}
	return films(from, to)
}

// films makes a picture that plays of every recorded run.
func films(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*.film"))
	if err != nil {
		return err
	}
	for _, file := range files {
		recorded, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		svg, err := film(string(recorded))
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if err := write(to, file, ".film", svg); err != nil {
			return err
		}
	}
	return nil
}

func write(to, file, suffix, svg string) error {
	name := strings.TrimSuffix(filepath.Base(file), suffix) + ".svg"
	return os.WriteFile(filepath.Join(to, name), []byte(svg), 0o644)
}

// The measures of a picture, in pixels.
const (
	cellWidth  = 8.4
	rowHeight  = 19
	fontSize   = 14
	margin     = 16
	paper, ink = "#1d2129", "#d8dee9"
)

// palette is what a terminal with a dark theme makes of the colours that the wizard uses, by their ANSI number.
var palette = map[int]string{31: "#f07178", 32: "#a5d67b", 33: "#e6c07b", 36: "#67c7d8"}

// bars are the characters that progress bars and sparklines are made of, with the height that they are drawn in: fonts differ too
// much.
var bars = map[rune]float64{'⣿': 11, '⣶': 8, '⣤': 5, '⣀': 3}

// style is how a run of characters looks.
type style struct {
	bold, faint, reverse bool
	colour               int // an ANSI number, 0 for none
}

// picture draws a screen with ANSI styles as SVG. Every run of characters is put at its own column, so that the columns hold
// whatever font the viewer has, wide characters too.
func picture(screen string) string {
	rows := strings.Split(strings.TrimRight(screen, "\n"), "\n")
	columns := 0
	var text strings.Builder
	for i, row := range rows {
		columns = max(columns, ansi.StringWidth(row))
		drawRow(&text, row, float64(margin+rowHeight*i+fontSize))
	}
	return sheet(columns, len(rows), text.String())
}

// sheet is the paper of so many cells with what is drawn on it.
func sheet(columns, rows int, drawn string) string {
	width, height := float64(columns)*cellWidth+2*margin, rows*rowHeight+2*margin
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" viewBox="0 0 %.0f %d">
<rect width="100%%" height="100%%" rx="8" fill="%s"/>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Mono CJK SC',monospace" font-size="%d" fill="%s" xml:space="preserve">
%s</g>
</svg>
`, width, height, width, height, paper, fontSize, ink, drawn)
}

func drawRow(b *strings.Builder, row string, y float64) {
	var now style
	column := 0
	for row != "" {
		if sequence, rest, ok := cutSequence(row); ok {
			now, row = now.apply(sequence), rest
			continue
		}
		run, rest := cutRun(row)
		drawRun(b, run, now, column, y)
		column += ansi.StringWidth(run)
		row = rest
	}
}

// cutSequence takes a "select graphic rendition" sequence off the front of row.
func cutSequence(row string) (parameters, rest string, ok bool) {
	after, found := strings.CutPrefix(row, "\x1b[")
	if !found {
		return "", row, false
	}
	return strings.Cut(after, "m")
}

// cutRun takes characters off the front of row: a wide one or one of a bar alone, or others up to the next such one or
// sequence.
func cutRun(row string) (run, rest string) {
	for i, r := range row {
		alone := ansi.StringWidth(string(r)) > 1 || bars[r] > 0
		if i > 0 && (alone || r == '\x1b') {
			return row[:i], row[i:]
		}
		if alone {
			end := i + len(string(r))
			return row[:end], row[end:]
		}
	}
	return row, ""
}

func (s style) apply(parameters string) style {
	for p := range strings.SplitSeq(parameters, ";") {
		n, _ := strconv.Atoi(p) // an empty parameter means 0
		switch {
		case n == 0:
			s = style{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.faint = true
		case n == 7:
			s.reverse = true
		case n >= 30 && n <= 37:
			s.colour = n
		}
	}
	return s
}

func drawRun(b *strings.Builder, run string, s style, column int, y float64) {
	if strings.TrimSpace(run) == "" && !s.reverse {
		return
	}
	indent := len(run) - len(strings.TrimLeft(run, " "))
	if !s.reverse {
		run, column = strings.Trim(run, " "), column+indent
	}
	x, width := margin+float64(column)*cellWidth, float64(ansi.StringWidth(run))*cellWidth
	colour := ink
	if c, ok := palette[s.colour]; ok {
		colour = c
	}
	if r, _ := utf8.DecodeRuneInString(run); bars[r] > 0 {
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.0f" fill="%s"/>`+"\n", x, y-bars[r]+1, cellWidth-1, bars[r], colour)
		return
	}
	if s.reverse {
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%d" fill="%s"/>`, x, y-fontSize, width, rowHeight, colour)
		colour = paper
	}
	fmt.Fprintf(b, `<text x="%.1f" y="%.1f" textLength="%.1f" lengthAdjust="spacingAndGlyphs" fill="%s"`, x, y, width, colour)
	if s.bold {
		b.WriteString(` font-weight="bold"`)
	}
	if s.faint {
		b.WriteString(` opacity="0.6"`)
	}
	b.WriteByte('>')
	_ = xml.EscapeText(b, []byte(run)) // to a strings.Builder it cannot fail
	b.WriteString("</text>\n")
}
