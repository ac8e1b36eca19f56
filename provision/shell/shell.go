// Package shell has what the host's shell is given: quoted arguments, and scripts that lie in .sh files and take arguments.
//
// A room keeps its scripts beside its code, embeds them, and loads them here once. No shell text is put together in Go: a value
// reaches a script as an argument.
package shell

import (
	"io/fs"
	"strings"

	"al.essio.dev/pkg/shellescape"
)

// Text is POSIX sh text to be run on a host: a constant, or a Script with its arguments.
type Text string

// Script is a script of the program's own.
type Script struct{ text string }

// Load returns the script that the named files make up, one behind the other: what a script shares with others stands in a file
// in front of it. Comments and indentation by tabs stay here: a host is sent each byte of them up to five times. It panics where a
// file is not embedded, which every test of the room finds.
func Load(files fs.FS, names ...string) Script {
	var text strings.Builder
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			panic(err)
		}
		for line := range strings.Lines(string(content)) {
			if line = strings.TrimLeft(line, "\t"); line != "\n" && line[:min(len(line), 1)] != "#" {
				text.WriteString(line)
			}
		}
	}
	return Script{text.String()}
}

// With returns the script with arguments, which it finds as "$1" and so on.
func (s Script) With(args ...string) Text {
	if len(args) == 0 {
		return Text(s.text)
	}
	return Text("set -- " + Quote(args...) + "\n" + s.text)
}

// Exec is the text that runs one command in the shell's place.
func Exec(argv ...string) Text { return Text("exec " + Quote(argv...)) }

// Quote joins arguments into words that any POSIX shell reads back as they are, whatever bytes but NUL they hold.
func Quote(argv ...string) string { return shellescape.QuoteCommand(argv) }
