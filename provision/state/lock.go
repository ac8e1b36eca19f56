package state

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/safetext"
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

// LockExit is the exit status of the lock script when somebody else holds the lock; LostExit is its status when somebody
// else has taken or removed a lock that was held.
const (
	LockExit = 75
	LostExit = 76
)

// lockScript takes the lock and holds it while lines arrive on standard input, one a Heartbeat, and gives it back when the
// input ends. A line that is a record goes into the history: the last thing that a run has to say costs no command of its own.
// After the line "forget" the folder goes with the lock, out of the way of whoever comes next before it is removed.
//
// The lock is a hard link, so that it appears whole, with its owner in it, or not at all: first line the time of the last
// heartbeat by the host's clock, second line the owner. It prints "locked" and the lock's number, which counts how often a run
// has taken it, or the file of who holds it.
//
// The folder of the jobs is made here, by the user: where Docker needs sudo, the jobs themselves are root's, and the user is to
// see that there are some.
//
// A run whose link was cut takes its own lock again, in a new session. The old one may still wait on the host for a link
// that nobody has told it is dead, and must not give back what is no longer its own: hence the session in the owner.
const lockScript = `
mkdir -p "${dir%/*}" && umask 077 && mkdir -p "$dir" || exit 1
if [ -k "${dir%/*}" ] && [ ! -O "$dir" ]; then # anybody may make folders in /tmp
  echo "$dir belongs to somebody else, in a folder that everybody may write to; choose another site.directory" >&2; exit 1
fi
mkdir -p "$dir/jobs" && cd "$dir" || exit 1
mine=lock.$token.$session
write() { { date +%s; printf '%s\n' "$owner"; } >"$mine"; }
ours() { grep -qF "\"$token\",\"session\":$session," lock 2>/dev/null; }
take() { write && ln "$mine" lock 2>/dev/null; }
stale() {
  [ -f "$1" ] || return 1
  last=0; read -r last <"$1"
  case $last in '' | *[!0-9]*) last=0;; esac # cut short by a power failure
  [ $(($(date +%s) - last)) -gt "$expiry" ]
}
# Read-only, out of inodes, or full, which leaves an empty file; whoever has just taken the lock removes it.
why=$(write 2>&1) && { [ -s "$mine" ] || [ ! -f "$mine" ]; } || { rm -f "$mine"; echo "${why:-the disk is full}" >&2; exit 1; }
if grep -qF "\"$token\"" lock 2>/dev/null; then
  write && mv -f "$mine" lock
elif ! take && stale lock && mv lock "$mine.old" 2>/dev/null; then
  # Another run may have been faster and the lock taken away may be its fresh one: then it goes back.
  stale "$mine.old" || ln "$mine.old" lock
  rm -f "$mine.old"
  take
fi
ours && rm -f lock.*
# Asked twice: one that was about to put our lock back may have found no file to put.
if ! ours; then
  rm -f "$mine"
  n=0; while [ ! -f lock ] && [ $n -lt 10 ]; do n=$((n + 1)); sleep 0.05 2>/dev/null || sleep 1; done
  date +%s; cat lock 2>/dev/null
  exit 75
fi
turn=0; [ -s turn ] && read -r turn <turn
[ "$session" -gt 1 ] || { turn=$((turn + 1)); echo "$turn" >turn; }
echo "locked $turn"
forget=
while IFS= read -r line; do
  ours || exit 76
  case $line in {*) append "$line"; continue;; forget) forget=yes; continue;; esac
  write && mv -f "$mine" lock
done
ours || exit 0
if [ -n "$forget" ] && mv "$dir" "$dir.$token"; then cd / && rm -rf "$dir.$token"; else rm -f lock; fi
`

// LockScript is the script that takes and holds the lock of the state folder dir.
func LockScript(dir string, o Owner, quote func(...string) string) string {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // strings, numbers and a time always marshal
	}
	return fmt.Sprintf("dir=%s token=%s session=%d owner=%s expiry=%d\n%s%s",
		quote(dir), quote(o.Token), o.Session, quote(string(text)), int(Expiry/time.Second), appendScript, lockScript)
}

// ForgetLine asks the script that holds the lock to remove the whole folder when it gives the lock back.
const ForgetLine = "forget\n"

// ParseLocked reads the first line that LockScript prints when it has taken the lock: the lock's number.
func ParseLocked(line string) (turn int, ok bool) {
	number, ok := strings.CutPrefix(strings.TrimSpace(line), "locked ")
	if !ok {
		return 0, false
	}
	turn, err := strconv.Atoi(number)
	return turn, err == nil
}

// Held is a lock as found on the host.
type Held struct {
	Owner Owner
	Beat  time.Time     // its last heartbeat, by the host's clock
	Quiet time.Duration // since then
}

// Stale reports whether the lock was left behind by a run that is gone.
func (h Held) Stale() bool { return h.Quiet > Expiry }

// Error says who is in the way. What to do about it is for whoever is.
func (h *Held) Error() string { return h.Owner.Who + " holds the lock" }

// ShowLockScript prints the lock's number, and the host's time and the lock where it is held.
func ShowLockScript(dir string, quote func(...string) string) string {
	return fmt.Sprintf("cd %s 2>/dev/null || exit 0\nturn=0; [ -s turn ] && read -r turn <turn\necho \"$turn\"\nif [ -f lock ]; then date +%%s; cat lock; fi\n", quote(dir))
}

// ParseShown reads what ShowLockScript prints: how often the lock was taken so far, and who holds it; nil for nobody.
func ParseShown(text string) (turn int, held *Held) {
	first, rest, _ := strings.Cut(text, "\n")
	turn, _ = strconv.Atoi(strings.TrimSpace(first))
	return turn, ParseLock(rest)
}

// UnlockScript removes the lock, whoever holds it.
func UnlockScript(dir string, quote func(...string) string) string {
	return "rm -f " + quote(dir+"/lock") + "\n"
}

// ParseLock reads what LockScript prints on LockExit; nil where there is no lock. One that a power failure left unreadable
// is a lock that was left behind.
func ParseLock(text string) *Held {
	lines := strings.SplitN(strings.TrimSpace(text), "\n", 3)
	if strings.TrimSpace(text) == "" {
		return nil
	}
	if len(lines) == 1 { // the time alone: whoever held it has just given it back
		return nil
	}
	unreadable := &Held{Owner: Owner{Who: "a run that cannot be told any more", Purpose: "an unknown purpose"}, Quiet: 2 * Expiry}
	if len(lines) < 3 {
		return unreadable
	}
	now, err1 := strconv.ParseInt(strings.TrimSpace(lines[0]), 10, 64)
	last, err2 := strconv.ParseInt(strings.TrimSpace(lines[1]), 10, 64)
	held := &Held{Beat: time.Unix(last, 0), Quiet: time.Duration(now-last) * time.Second}
	if err := json.Unmarshal([]byte(lines[2]), &held.Owner); err != nil || err1 != nil || err2 != nil {
		return unreadable
	}
	held.Owner.Who, held.Owner.Purpose = safetext.Clean(held.Owner.Who), safetext.Clean(held.Owner.Purpose)
	return held
}
