package survey

import (
	"time"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/state"
)

// LinkState is how a watch stands to its host.
type LinkState uint8

// The states of a link.
const (
	LinkOpening LinkState = iota // no connection yet
	LinkUp
	LinkDown // lost, or never made; it is tried again
)

// Reading is what is known of a host at a moment. It is a value that the next one replaces.
type Reading struct {
	Host    string
	Link    LinkState
	Err     error     // why the link is down; where it is up, what of the last look failed
	At      time.Time // of the last look that the host answered; zero: none yet
	Target  string    // as it was dialled; empty before
	Trip    time.Duration
	Facts   *facts.Facts // nil before the first look
	Pulse   Pulse
	Asked   []Answered // what the site answered, the newest last
	Names   Names
	History []state.Record
}

// Answered is one answer of the site.
type Answered struct {
	At     time.Time
	Answer probe.Answer
	Err    error // nothing came, or it is not as wanted
}

// Live is the site's container; nil for none.
func (r Reading) Live() *docker.Container {
	if r.Facts == nil {
		return nil
	}
	return r.Facts.Container
}

// Last is the newest answer of the site; ok is false before the first.
func (r Reading) Last() (last Answered, ok bool) {
	if len(r.Asked) == 0 {
		return last, false
	}
	return r.Asked[len(r.Asked)-1], true
}

// Release is the live one; empty for none.
func (r Reading) Release() string {
	if live := r.Live(); live != nil {
		return live.Label(docker.LabelRelease)
	}
	return ""
}

// Wanted is what the source here would be deployed as. The zero value says that it cannot be told.
type Wanted struct{ Release, Tree, Spec string }

// Drifted reports whether the live container is another than the one wanted; known is false where that cannot be told.
func (w Wanted) Drifted(f *facts.Facts) (drifted, known bool) {
	if w.Tree == "" || f == nil {
		return false, false
	}
	live := f.Container
	return live == nil || live.Label(docker.LabelTree) != w.Tree || live.Label(docker.LabelSpec) != w.Spec ||
		f.Image != nil && f.Image.ID != live.Image, true
}
