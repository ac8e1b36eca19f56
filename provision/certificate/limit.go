package certificate

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// limit is what the CA said when it took no more orders for the names. Until it ends nobody asks: each question counts.
type limit struct {
	Until time.Time `json:"until"`
	Said  string    `json:"said"`
}

// longestLimit bounds how long a CA is taken at its word: Let's Encrypt's limits last a week.
const longestLimit = 8 * 24 * time.Hour

// limitFile outlives the pair, which a revocation removes.
func (k *Keeper) limitFile() string {
	return filepath.Join(k.folder("limits", k.directory+"\n"+strings.Join(k.Names, "\n")), "limit.json")
}

// limited is until when the CA takes no orders, and what it said; the zero value where it does.
func (k *Keeper) limited(now time.Time) (until time.Time, said string) {
	content, err := readFile(k.limitFile())
	var l limit
	if err != nil || json.Unmarshal(content, &l) != nil || !now.Before(l.Until) || l.Until.After(now.Add(longestLimit)) {
		return time.Time{}, ""
	}
	return l.Until, l.Said
}

// rememberLimit keeps a refusal for other runs. Where it cannot be kept, the CA is asked again.
func (k *Keeper) rememberLimit(err error, now time.Time) {
	until := limitEnds(err, now)
	if most := now.Add(longestLimit); until.After(most) {
		until = most
	}
	text, wrong := json.Marshal(limit{until, problemOf(err).Detail})
	if wrong != nil || os.MkdirAll(filepath.Dir(k.limitFile()), 0o700) != nil {
		return
	}
	_ = writeFile(k.limitFile(), text)
}

func (k *Keeper) rateLimited(said string, until time.Time) error {
	return provision.Fail("acme.rate-limited", strings.Join(k.Names, ", "), k.CA(),
		provision.ForeignError(safetext.OneLine(said, saidLimit)), until.Local().Format(time.DateTime))
}
