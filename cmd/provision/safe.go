package main

import (
	"errors"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/kehuo/provision/provision/safetext"
)

// createPrivate opens a file that may hold names for writing, for this user alone. One that was there before keeps its mode
// otherwise; what is no file, /dev/stdout for example, has none of ours to set.
func createPrivate(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	if info, statErr := file.Stat(); statErr == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		if err := file.Chmod(0o600); err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	return file, nil
}

// safe returns a writer for the output of a command on a host. A terminal gets it line by line with control sequences
// neutralised; the function returned flushes an unfinished last line.
func safe(file *os.File) (io.Writer, func()) {
	if !term.IsTerminal(int(file.Fd())) {
		return file, func() {}
	}
	l := safetext.NewLines(func(lines string) { _, _ = io.WriteString(file, lines+"\n") })
	return l, l.Flush
}
