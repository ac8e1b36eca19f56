package state

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
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
	Who     string    `json:"who"`   // user@machine
	Purpose string    `json:"purpose"`
	Since   time.Time `json:"since"`
}

// LockExit is the exit status of the lock script when somebody else holds the lock.
const LockExit = 75

// lockScript takes the lock and holds it while lines arrive on standard input, one a Heartbeat, and gives it back when the
// input ends. The lock is a hard link, so that it appears whole, with its owner in it, or not at all: first line the time of
// the last heartbeat by the host's clock, second line the owner. It prints "locked", or the file of who holds it.
const lockScript = `
mkdir -p "${dir%/*}" && umask 077 && mkdir -p "$dir" && cd "$dir" || exit 1
mine=lock.$token
write() { { date +%s; printf '%s\n' "$owner"; } >"$mine"; }
ours() { grep -qF "$token" lock 2>/dev/null; }
take() { write && ln "$mine" lock 2>/dev/null; }
stale() {
  read -r last <"$1" 2>/dev/null || return 1
  [ $(($(date +%s) - last)) -gt "$expiry" ]
}
if ours; then rm -f lock; fi
if ! take && stale lock && mv lock "$mine.old" 2>/dev/null; then
  # Another run may have been faster and the lock taken away may be its fresh one: then it goes back.
  stale "$mine.old" || ln "$mine.old" lock
  rm -f "$mine.old"
  take
fi
if ! ours; then
  rm -f "$mine"; date +%s; cat lock
  exit 75
fi
rm -f "$mine"
echo locked
while IFS= read -r line; do
  ours || exit 76
  write && mv -f "$mine" lock
done
if ours; then rm -f lock; fi
`

// LockScript is the script that takes and holds the lock of the state folder dir.
func LockScript(dir string, o Owner, quote func(...string) string) string {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // strings and a time always marshal
	}
	return fmt.Sprintf("dir=%s token=%s owner=%s expiry=%d\n%s",
		quote(dir), quote(o.Token), quote(string(text)), int(Expiry/time.Second), lockScript)
}

// Held is a lock as found on the host.
type Held struct {
	Owner Owner
	Quiet time.Duration // since its last heartbeat
}

// Stale reports whether the lock was left behind by a run that is gone.
func (h Held) Stale() bool { return h.Quiet > Expiry }

// Error says who is in the way.
func (h *Held) Error() string {
	return fmt.Sprintf("%s holds the lock since %s for %s (last heard of %d s ago); wait for that run to end, or remove the lock with `provision unlock`",
		h.Owner.Who, h.Owner.Since.UTC().Format("15:04:05 UTC"), h.Owner.Purpose, int(h.Quiet.Seconds()))
}

// ShowLockScript prints the host's time and the lock, or nothing where there is none.
func ShowLockScript(dir string, quote func(...string) string) string {
	lock := quote(dir + "/lock")
	return fmt.Sprintf("if [ -f %s ]; then date +%%s; cat %s; fi\n", lock, lock)
}

// UnlockScript removes the lock, whoever holds it.
func UnlockScript(dir string, quote func(...string) string) string {
	return "rm -f " + quote(dir+"/lock") + "\n"
}

// ParseLock reads what LockScript prints on LockExit, or ShowLockScript; nil where there is no lock.
func ParseLock(text string) (*Held, error) {
	lines := strings.SplitN(strings.TrimSpace(text), "\n", 3)
	if len(lines) < 3 {
		if strings.TrimSpace(text) == "" {
			return nil, nil
		}
		return nil, fmt.Errorf("the lock on the host is unreadable (%q); remove it with `provision unlock`", text)
	}
	now, err1 := strconv.ParseInt(lines[0], 10, 64)
	last, err2 := strconv.ParseInt(lines[1], 10, 64)
	held := &Held{Quiet: time.Duration(now-last) * time.Second}
	if err := json.Unmarshal([]byte(lines[2]), &held.Owner); err != nil || err1 != nil || err2 != nil {
		return nil, fmt.Errorf("the lock on the host is unreadable (%q); remove it with `provision unlock`", text)
	}
	return held, nil
}
