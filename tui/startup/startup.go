// Package startup keeps the terminal libraries from questioning the terminal while the program starts.
//
// Bubble Tea v1 asks for the background colour in an init function, through Lip Gloss and termenv. A terminal that does not
// answer (a serial console, that of expect or of a CI) would hold up every command for five seconds, a slow link for a round
// trip. The wizard draws in the terminal's own sixteen colours and needs no answer; no import can be left out, and no setting
// of these libraries is read before that function runs, but termenv does not ask where CI is set.
//
// So CI is set while they are initialised. Go initialises packages in the order of their import paths as soon as their imports
// are ready: this one imports syscall alone and sorts before golang.org/x/sys and github.com/muesli, which termenv needs.
// Package tui imports Bubble Tea, is initialised after it, and takes the variable back by Done.
package startup

import "syscall"

const variable = "CI"

var (
	before, present = syscall.Getenv(variable)
	_               = syscall.Setenv(variable, "true")
)

// Done puts the environment back as the program found it.
func Done() {
	if present {
		_ = syscall.Setenv(variable, before)
		return
	}
	_ = syscall.Unsetenv(variable)
}
