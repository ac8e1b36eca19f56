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
