package renewal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/certificate"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/state"
)

// command is what the lock and the history call the timer.
const command = "provision: renewal timer"

// Run renews the certificate of the site whose timer lies in folder, if it is due, and writes down what became of it. A run of the
// program that has the site's lock comes first: the timer comes again.
func Run(ctx context.Context, folder string) error {
	settings, err := readSettings(folder)
	if err != nil {
		return err
	}
	t := &timer{folder: folder, settings: settings, host: newMachine(settings.Sudo), keeper: settings.Certificate.Keeper(folder), begun: time.Now()}
	changed, err := t.renew(ctx)
	if code := provision.CodeOf(err); code == "fail.locked" || code == "fail.lock-race" {
		return nil
	}
	text, unwritten := json.Marshal(resultOf(time.Now(), changed, err))
	if unwritten == nil {
		unwritten = writeFile(filepath.Join(folder, resultName), text)
	}
	return cmp.Or(err, unwritten)
}

// timer is a run of a host's timer.
type timer struct {
	folder   string
	settings Settings
	host     machine
	keeper   *certificate.Keeper
	begun    time.Time
}

// look finds the pair that the site is to have, whether that is due, and whether it is the one that is served. One that was obtained
// and that nginx refused then is tried again, and no other one ordered.
func (t *timer) look(ctx context.Context) (pair certificate.Pair, due, served bool, err error) {
	names := t.settings.Certificate.Names
	placed, err := readPair(t.settings.Place)
	if err != nil {
		return placed, false, false, err
	}
	kept, err := t.keeper.Load()
	if err != nil {
		return placed, false, false, err
	}
	pair, served = placed, true
	if kept.Follows(placed, names, t.begun) {
		pair, served = kept, false
	}
	due = !t.begun.Before(certificate.RenewAt(pair.Leaf, t.keeper.Window(ctx, pair, t.begun)))
	return pair, due, served, nil
}

// renew has a pair that is due renewed, and one served that is not. Nothing is locked where there is nothing to do.
func (t *timer) renew(ctx context.Context) (changed bool, err error) {
	if _, due, served, err := t.look(ctx); err != nil || !due && served {
		return false, err
	}
	lock, err := state.Take(ctx, t.host, state.Claim{
		Directory: t.settings.Directory, Who: t.who(), Purpose: command, Waiting: func(state.Held) {},
	})
	if err != nil {
		return false, err
	}
	defer func() {
		record := state.Record{Time: time.Now().UTC(), Who: t.who(), Command: command, Outcome: "ok", DurationMS: time.Since(t.begun).Milliseconds()}
		if err != nil {
			record.Outcome = language.New(language.English).Error(err)
		}
		if changed {
			record.Changed = 1
		}
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), lockPatience)
		defer cancel()
		if released := lock.Release(back, record); err == nil {
			err = released
		}
		lock.Wait()
	}()
	pair, due, served, err := t.look(ctx) // a deployment may have come and gone
	if err != nil || !due && served {
		return false, err
	}
	if due {
		if pair, err = t.keeper.Obtain(ctx, t, pair, func(string, ...any) {}); err != nil {
			return false, err
		}
	}
	err = t.service(ctx).Bring(ctx, pair)
	return err == nil, err
}

// lockPatience is how long it may take to give the lock back.
const lockPatience = 10 * time.Second

func (t *timer) who() string { return t.host.user + "@" + t.host.name }

// service is what serves the pair: the site's container, where it runs.
func (t *timer) service(ctx context.Context) Service {
	s := t.settings
	out, err := t.host.Exec(ctx, remote.Command{Argv: append(docker.Inspect("--format", "{{.State.Running}}", "--type", "container"), s.Container), Sudo: true})
	return Service{
		Host: t.host, Name: t.host.name, Place: s.Place, Container: s.Container, Demands: s.Demands,
		Up: err == nil && strings.TrimSpace(string(out)) == "true",
	}
}

// Present implements certificate.Solver: the running container has the folder mounted.
func (t *timer) Present(ctx context.Context, _, token, text string) error {
	return Answer(ctx, t.host, t.host.name, t.settings.Place.Challenges, token, text)
}

// CleanUp implements certificate.Solver.
func (t *timer) CleanUp(ctx context.Context, _, token, _ string) error {
	return Answer(ctx, t.host, t.host.name, t.settings.Place.Challenges, token, "")
}

// pairLimit bounds a file of a pair, in bytes.
const pairLimit = 64 << 10

// readPair reads the pair that the containers have mounted. One that has not shown that it serves counts for nothing.
func readPair(p Place) (certificate.Pair, error) {
	if _, err := os.Lstat(filepath.Join(p.Folder, "pending")); !errors.Is(err, fs.ErrNotExist) {
		return certificate.Pair{}, provision.Fail("renewal.no-pair", p.Folder)
	}
	var texts [2][]byte
	for i, name := range []string{p.Certificate, p.Key} {
		file, err := os.Open(filepath.Join(p.Folder, name))
		if err != nil {
			return certificate.Pair{}, provision.Fail("renewal.no-pair", p.Folder).From(err)
		}
		texts[i], err = io.ReadAll(io.LimitReader(file, pairLimit))
		if err = errors.Join(err, file.Close()); err != nil {
			return certificate.Pair{}, provision.Fail("renewal.no-pair", p.Folder).From(err)
		}
	}
	pair, err := certificate.ParsePair(texts[0], texts[1])
	if err != nil {
		return certificate.Pair{}, provision.Fail("renewal.no-pair", p.Folder).From(err)
	}
	return pair, nil
}

// writeFile replaces a file of the folder at once.
func writeFile(name string, content []byte) error {
	if err := os.WriteFile(name+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}
