package state

import "github.com/kehuo/provision/provision/shell"

const (
	HeldExit   = heldExit
	LostExit   = lostExit
	UnsafeExit = unsafeExit
	OddExit    = oddExit
	ForgetLine = forgetLine
)

// LockScript is the command of a session.
func LockScript(directory string, o Owner, seen string) shell.Text {
	return (&Lock{claim: Claim{Directory: directory}, owner: o}).script(seen)
}

// ParseHeld reads what a session prints that was refused.
func ParseHeld(text string) *Held { return parseHeld(text) }

// Text is what lies on the host of a lock.
func (h *Held) Text() string { return h.text }

// ReadAnswer is the lock's number, if any, in what a session prints piece by piece, and what is kept of that.
func ReadAnswer(pieces ...string) (turns []int, kept string) {
	a := newAnswer()
	for _, piece := range pieces {
		_, _ = a.Write([]byte(piece)) // it takes everything
	}
	select {
	case turn := <-a.locked:
		turns = append(turns, turn)
	default:
	}
	return turns, a.text()
}
