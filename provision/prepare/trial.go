package prepare

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

var (
	trialBegin = shell.Load(files, "trial_begin.sh")
	trialRun   = shell.Load(files, "trial_run.sh")
	trialEnd   = shell.Load(files, "trial_end.sh")
)

// trialFolder is where trials lie on a host, below /run: what is decided there is of no use after a reboot.
const trialFolder = "/run/provision-trial/change"

// trialLimit is how long a change waits for its confirmation.
const trialLimit = 60 * time.Second

// declinePatience is how long an interrupted run waits for the host to undo a change.
const declinePatience = 10 * time.Second

// Trial is a change of a host that can lock the person out. The host makes it, and undoes it by itself unless somebody confirms it
// who has logged in anew. It survives the end of the session and of the SSH server.
//
// Apply must leave the disk such that a reboot ends in the old state; Keep writes there. Undo must do no harm where nothing was applied.
type Trial struct {
	Host              string // its name, for failures
	User              string // who confirms: the user that deploys
	Sudo              bool   // he has to become root for it, or it is undone
	Apply, Keep, Undo shell.Text
	Limit             time.Duration // 0: a minute
	Folder            string        // "": trialFolder
}

// Asker runs a command that does no harm when it is run twice, and returns what it printed.
type Asker interface {
	Exec(ctx context.Context, cmd remote.Command) ([]byte, error)
}

// Session is a login of its own.
type Session interface {
	Output(ctx context.Context, cmd remote.Command) ([]byte, error)
	Close() error
}

// loginPauses are those between logins. The host's own protection must not take them for an attack.
var loginPauses = []time.Duration{0, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second}

// Run makes the change as root and has it confirmed by a new connection, which login makes. It returns once the host has kept the
// change or undone it; a host that says neither undoes it when the time is over.
func (t Trial) Run(ctx context.Context, root Asker, login func(context.Context) (Session, error)) error {
	if t.Limit == 0 {
		t.Limit = trialLimit
	}
	if t.Folder == "" {
		t.Folder = trialFolder
	}
	limit, cancel := context.WithTimeout(ctx, t.Limit)
	defer cancel()
	if err := t.begin(limit, root); err != nil {
		return err
	}
	why := t.confirm(limit, login)
	if why == nil {
		return nil
	}
	var end trialError
	if !errors.As(why, &end) {
		patience := 2 * t.Limit
		if ctx.Err() != nil { // the person has given up; the host has not
			patience = declinePatience
		}
		var err error
		if end, err = t.decline(context.WithoutCancel(ctx), patience, root); err != nil {
			return provision.Fail("trial.undoing", t.Host, why, t.seconds(), err).WithExit(provision.ExitFailed)
		}
	}
	if why == error(end) {
		why = provision.Fail("trial.late")
	}
	said := provision.ForeignError(end.said)
	switch end.word {
	case "kept": // the answer was lost
		return nil
	case "undone":
		return provision.Fail("trial.undone", t.Host, why).WithExit(provision.ExitFailed) // it is not the host that cannot be reached
	case "unkept":
		return provision.Fail("trial.unkept", t.Host, said)
	}
	return provision.Fail("trial.stuck", t.Host, why, said).WithExit(provision.ExitFailed)
}

// begin has the host make the change. A link that dies of it says nothing: the new connection will tell.
func (t Trial) begin(ctx context.Context, root Asker) error {
	ctx, cancel := context.WithTimeout(ctx, t.Limit/3)
	defer cancel()
	out, err := root.Exec(ctx, remote.Command{Sudo: true, Script: trialBegin.With(t.Folder, rand.Text(), t.User, t.seconds(),
		string(trialRun.With()), string(t.Apply), string(t.Keep), string(t.Undo))})
	word, said, _ := strings.Cut(string(out), "\n")
	switch {
	case word == "applied", remote.IsLost(err), err != nil && ctx.Err() != nil:
		return nil
	case err != nil:
		return provision.Fail("trial.not-begun", t.Host, err)
	case word == "busy":
		return provision.Fail("trial.busy", t.Host)
	}
	return provision.Fail("trial.failed", t.Host, provision.ForeignError(clean(said)))
}

// confirm logs in anew until the host has decided, or nothing comes of it. It returns nil for a change that is kept.
func (t Trial) confirm(ctx context.Context, login func(context.Context) (Session, error)) (err error) {
	for _, pause := range loginPauses {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return cmp.Or(err, ctx.Err())
		}
		var session Session
		if session, err = login(ctx); err != nil {
			continue
		}
		var out []byte
		out, err = session.Output(ctx, remote.Command{Sudo: t.Sudo, Script: trialEnd.With(t.Folder, "confirmed", t.seconds())})
		_ = session.Close()
		switch end := readTrialEnd(out); {
		case end.word == "kept":
			return nil
		case end.word != "":
			return end
		case err == nil:
			err = provision.Fail("trial.unanswered", t.User)
		case !remote.IsLost(err): // he may not become root
			return err
		}
	}
	return err
}

// decline has the host undo the change now, where the old connection still leads there or there is a new one, and tells the end.
func (t Trial) decline(ctx context.Context, patience time.Duration, root Asker) (trialError, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := root.Exec(ctx, remote.Command{Sudo: true, Script: trialEnd.With(t.Folder, "declined", t.seconds())})
	end := readTrialEnd(out)
	if err == nil && end.word == "" { // rebooted: into the old state
		end.word = "undone"
	}
	return end, err
}

func (t Trial) seconds() string { return strconv.Itoa(int(t.Limit / time.Second)) }

// trialError is the end of a change that was not kept.
type trialError struct{ word, said string }

func (e trialError) Error() string { return e.word }

// readTrialEnd reads what trial_end.sh prints.
func readTrialEnd(out []byte) trialError {
	word, said, _ := strings.Cut(string(out), "\n")
	return trialError{word, clean(said)}
}

// clean is what a change's commands said, for a person.
func clean(said string) string { return strings.TrimSpace(safetext.Clean(said)) }
