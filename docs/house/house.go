// Command house draws the rooms of the program and the imports between them: docs/house.svg, which docs/architecture.md shows. Its
// test fails where an import breaks the plan.
//
//	go run ./docs/house
package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/kehuo/provision/"

// room is a folder, with the folders below it unless they are rooms themselves.
type room struct {
	path  string
	about string   // in a few words
	onto  []string // the rooms that it may import; everybody may import the engine
}

// floor is a part of the house. Rooms import rooms of their own floor and of floors below it alone.
type floor struct {
	name  string
	rooms []room
}

// engine is the room that everybody may import, and that imports none.
const engine = "provision"

// measure reads which room imports which, and how many lines each has. Tests do not count.
func measure(root string, floors []floor) (imports map[string][]string, lines map[string]int, err error) {
	imports, lines = map[string][]string{}, map[string]int{}
	err = filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(file, ".go") && !strings.HasSuffix(file, ".sh") || strings.HasSuffix(file, "_test.go") {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, filepath.Dir(file))
		from := roomOf(floors, filepath.ToSlash(name))
		if from == "" {
			return nil
		}
		lines[from] += strings.Count(string(text), "\n")
		if !strings.HasSuffix(file, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, one := range parsed.Imports {
			imported, _ := strconv.Unquote(one.Path.Value)
			within, ours := strings.CutPrefix(imported, module)
			if to := roomOf(floors, within); ours && to != from && !slices.Contains(imports[from], to) {
				imports[from] = append(imports[from], to)
			}
		}
		return nil
	})
	for _, list := range imports {
		slices.Sort(list)
	}
	return imports, lines, err
}

// roomOf is the room that a folder belongs to; empty for a folder of none.
func roomOf(floors []floor, folder string) string {
	for ; folder != "." && folder != "/"; folder = path.Dir(folder) {
		for _, f := range floors {
			for _, r := range f.rooms {
				if r.path == folder {
					return r.path
				}
			}
		}
	}
	return ""
}

// wrong lists where the imports are not those of the plan.
func wrong(floors []floor, imports map[string][]string) []string {
	level := map[string]int{}
	for i, f := range floors {
		for _, r := range f.rooms {
			level[r.path] = i
		}
	}
	var list []string
	for _, f := range floors {
		for _, r := range f.rooms {
			for _, to := range imports[r.path] {
				switch {
				case to == "":
					list = append(list, r.path+" imports a folder that is no room")
				case to != engine && !slices.Contains(r.onto, to):
					list = append(list, r.path+" imports "+to)
				case level[to] < level[r.path]:
					list = append(list, r.path+" imports "+to+" above it")
				}
			}
			for _, to := range r.onto {
				if !slices.Contains(imports[r.path], to) {
					list = append(list, r.path+" may import "+to+" and does not")
				}
			}
		}
	}
	return list
}

// The picture's measures, in pixels.
const (
	width     = 1180
	boxWidth  = 176
	boxHeight = 58
	gap       = 16
	left      = 150
	header    = 26
)

// draw is the picture: a row a floor, a box a room with its lines and what it is about, and below that the rooms it stands on.
func draw(floors []floor, imports map[string][]string, lines map[string]int) string {
	var body strings.Builder
	y := gap
	for _, f := range floors {
		perRow := (width - left) / (boxWidth + gap)
		rows := (len(f.rooms) + perRow - 1) / perRow
		tall := 0
		for _, r := range f.rooms {
			tall = max(tall, len(wrap(onto(imports[r.path]), 34)))
		}
		height := boxHeight + 11*tall
		fmt.Fprintf(&body, `<text x="%d" y="%d" class="floor">%s</text>`+"\n", gap, y+header, f.name)
		for i, r := range f.rooms {
			x, top := left+(i%perRow)*(boxWidth+gap), y+(i/perRow)*(height+gap)
			fmt.Fprintf(&body, `<rect x="%d" y="%d" width="%d" height="%d" rx="6"/>`+"\n", x, top, boxWidth, height)
			fmt.Fprintf(&body, `<text x="%d" y="%d" class="room">%s</text><text x="%d" y="%d" class="lines">%d</text>`+"\n",
				x+10, top+18, strings.TrimPrefix(r.path, "provision/"), x+boxWidth-10, top+18, lines[r.path])
			for n, line := range wrap(r.about, 30) {
				fmt.Fprintf(&body, `<text x="%d" y="%d" class="about">%s</text>`+"\n", x+10, top+33+12*n, line)
			}
			for n, line := range wrap(onto(imports[r.path]), 34) {
				fmt.Fprintf(&body, `<text x="%d" y="%d" class="onto">%s</text>`+"\n", x+10, top+boxHeight+11*n, line)
			}
		}
		y += rows*(height+gap) + gap
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif">
<style>rect{fill:#f6f8fa;stroke:#8c959f}.floor{font-size:12px;fill:#57606a;font-style:italic}.room{font-size:13px;font-weight:bold}.lines{font-size:10px;fill:#57606a;text-anchor:end}.about{font-size:10.5px;fill:#24292f}.onto{font-size:9px;fill:#0969da}</style>
<rect x="0" y="0" width="%d" height="%d" style="fill:#fff;stroke:none"/>
%s</svg>
`, width, y, width, y, body.String())
}

// onto names what a room stands on.
func onto(imports []string) string {
	var names []string
	for _, to := range imports {
		if to != engine {
			names = append(names, strings.TrimPrefix(to, "provision/"))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "→ " + strings.Join(names, ", ")
}

// wrap breaks a text into lines of at most limit characters, where it has blanks.
func wrap(text string, limit int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > limit {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	if line == "" {
		return lines
	}
	return append(lines, line)
}

func main() {
	imports, lines, err := measure(".", plan())
	if err == nil {
		err = os.WriteFile(filepath.Join("docs", "house.svg"), []byte(draw(plan(), imports, lines)), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "house:", err)
		os.Exit(1)
	}
}
