package main

import (
	"io"
	"os"

	"golang.org/x/term"

	"github.com/kehuo/provision/provision/safetext"
)

// safe returns a writer for the output of a command on a host. A terminal gets it line by line with control sequences
// neutralised; the function returned flushes an unfinished last line.
func safe(file *os.File) (io.Writer, func()) {
	if !term.IsTerminal(int(file.Fd())) {
		return file, func() {}
	}
	l := safetext.NewLines(func(lines string) { _, _ = io.WriteString(file, lines+"\n") })
	return l, l.Flush
}
