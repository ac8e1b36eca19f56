package state

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// Heartbeat is how often the holder of a lock shows that it lives; Expiry is the silence after which a lock counts as left
// behind and is taken over.
const (
	Heartbeat = 3 * time.Second
	Expiry    = 20 * time.Second
)

// Owner says who holds a lock and what for.
type Owner struct {
	Token   string    `json:"token"` // random: tells two runs of the same person apart
	Session int       `json:"session"`
	Who     string    `json:"who"` // user@machine
	Purpose string    `json:"purpose"`
	Since   time.Time `json:"since"`
}

// Held is a lock as found on the host.
type Held struct {
	Owner Owner
	Beat  time.Time     // its last heartbeat, by the host's clock
	Quiet time.Duration // since then; 0 for one that is dated ahead
	Ahead time.Duration // how far it is dated ahead of the host's clock, which was set back then

	text string // what lies on the host
}

// Stale reports whether the lock was left behind by a run that is gone, as far as the host's clock tells.
func (h Held) Stale() bool { return h.Quiet > Expiry }

// Show prints the lock's number, and the host's time and the lock where it is held, for [ParseShown].
func Show(directory string) shell.Text { return showScript.With(Dir(directory)) }

// ParseShown reads what Show printed: how often the lock was taken so far, and who holds it; nil for nobody.
func ParseShown(text string) (turn int, held *Held) {
	first, rest, _ := strings.Cut(text, "\n")
	turn, _ = strconv.Atoi(strings.TrimSpace(first))
	return max(0, turn), parseHeld(rest)
}

// parseHeld reads the host's time and the lock; nil where there is none. One that a power failure left unreadable is a lock
// that was left behind.
func parseHeld(text string) *Held {
	now, lock, _ := strings.Cut(text, "\n")
	lock = strings.TrimRight(strings.ReplaceAll(lock, "\x00", ""), "\n") // as a shell has it in a variable
	if strings.TrimSpace(text) == "" {
		return nil
	}
	if _, after, _ := strings.Cut(strings.TrimSpace(text), "\n"); after == "" { // the time alone: whoever held it has just given it back
		return nil
	}
	unreadable := &Held{Owner: Owner{Who: "unknown", Purpose: "unknown"}, Quiet: 2 * Expiry, text: lock}
	beat, owner, _ := strings.Cut(lock, "\n")
	at, err1 := strconv.ParseInt(strings.TrimSpace(now), 10, 64)
	last, err2 := strconv.ParseInt(strings.TrimSpace(beat), 10, 64)
	// By times, not by seconds: a clock may lie by more than a duration holds.
	quiet := time.Unix(at, 0).Sub(time.Unix(last, 0))
	held := &Held{Beat: time.Unix(last, 0), Quiet: max(0, quiet), Ahead: max(0, -quiet), text: lock}
	if err := json.Unmarshal([]byte(owner), &held.Owner); err != nil || err1 != nil || err2 != nil {
		return unreadable
	}
	held.Owner.Who, held.Owner.Purpose = safetext.Clean(held.Owner.Who), safetext.Clean(held.Owner.Purpose)
	return held
}

// Unlock removes a lock as it was found, and not one that another run has put there since. A folder in its place goes where it
// is empty; see [Unlocked].
func Unlock(directory string, held *Held) shell.Text {
	return unlockScript.With(Dir(directory), held.Owner.Token) // one that cannot be read has none
}

// Unlocked is the error of Unlock's command, which ended with err.
func Unlocked(host, directory string, err error) error {
	if exitCode(err) == oddExit {
		return oddLock(host, Dir(directory))
	}
	return err
}

func oddLock(host, dir string) *provision.Failure {
	return provision.Fail("fail.lock-odd", host, dir+"/lock", "rm -r "+shell.Quote(dir+"/lock")).WithExit(provision.ExitLocked)
}
