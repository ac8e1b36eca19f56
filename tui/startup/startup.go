// Package startup keeps the terminal libraries from questioning the terminal while the program starts.
//
// Bubble Tea v1 asks the terminal for its background colour from an init function, through Lip Gloss and termenv. A terminal
// that does not answer (a serial console, a pseudo-terminal of expect or of a CI) holds the whole program up for five
// seconds, "provision version" too, and one behind a slow link for a round trip. The wizard draws with the sixteen colours
// of the terminal's own theme, which suit a light and a dark one, so nothing needs the answer.
//
// termenv does not ask where the variable CI is set. Go initialises packages in the order of their import paths, as soon as
// what they import is initialised (Go specification, "Program initialization"): this package imports syscall alone and its
// path sorts before those that termenv needs, golang.org/x/sys and github.com/muesli, so its variables are set first. The
// package tui, which imports Bubble Tea and is therefore initialised after it, puts the environment back.
package startup

import "syscall"

const variable = "CI"

var (
	before, present = syscall.Getenv(variable)
	_               = syscall.Setenv(variable, "true")
)

// Done puts the environment back as the program found it.
func Done() error {
	if present {
		return syscall.Setenv(variable, before)
	}
	return syscall.Unsetenv(variable)
}
