package renewal

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/certificate"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
)

// Service is what serves a pair on a host.
type Service struct {
	Host
	Name      string // the host's
	Place     Place
	Container string
	Up        bool // the container runs, and has the pair's folder mounted
	Demands   probe.Demands
}

// Bring puts the pair on the host and has the running nginx serve it. One that it refuses, or does not serve, goes back at once.
func (s Service) Bring(ctx context.Context, pair certificate.Pair) error {
	if err := s.Install(ctx, pair); err != nil {
		return err
	}
	way := "keep"
	err := s.serve(ctx, pair)
	if err != nil {
		way = "back"
	}
	settled := s.settle(ctx, way)
	if err != nil && settled == nil && s.Up {
		again, cancel := context.WithTimeout(context.WithoutCancel(ctx), settlePatience)
		defer cancel()
		_, _ = s.reload(again) // it may have read the new one
	}
	return cmp.Or(err, settled)
}

// Install puts a pair where the containers have it mounted; until Keep it can go back.
func (s Service) Install(ctx context.Context, pair certificate.Pair) error {
	_, err := s.Exec(ctx, remote.Command{
		Script: installScript.With(s.Place.Folder, s.Place.Certificate, s.Place.Key, s.Place.Challenges),
		Stdin:  strings.NewReader(pair.Key.Reveal() + strings.TrimSpace(string(pair.Chain)) + "\n"),
	})
	if err != nil {
		return provision.Fail("acme.uninstalled", s.Name, err)
	}
	return nil
}

// Keep keeps the pair that was installed.
func (s Service) Keep(ctx context.Context) error { return s.settle(ctx, "keep") }

func (s Service) settle(ctx context.Context, way string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settlePatience)
	defer cancel()
	if _, err := s.Exec(ctx, remote.Command{Script: settleScript.With(s.Place.Folder, s.Place.Certificate, s.Place.Key, way)}); err != nil {
		return provision.Fail("acme.uninstalled", s.Name, err)
	}
	return nil
}

// How long it may take to keep a pair or to go back, until the running nginx serves a new one, and between two looks.
const (
	settlePatience = 30 * time.Second
	servePatience  = 10 * time.Second
	servePause     = 200 * time.Millisecond
)

// serve has the running container's nginx test the pair, read it, and show it. A container that is not up, or has not the folder
// mounted, comes to it as it starts.
func (s Service) serve(ctx context.Context, pair certificate.Pair) error {
	if !s.Up {
		return nil
	}
	if said, err := s.reload(ctx); err != nil {
		return provision.Fail("acme.nginx-refused", s.Name, provision.ForeignError(complaint(said)), err)
	}
	demands := s.Demands
	demands.Fingerprint = pair.Fingerprint()
	ctx, cancel := context.WithTimeout(ctx, servePatience)
	defer cancel()
	for {
		round := probe.NewRound(ctx)
		round.Host(demands.FromHost(s.Dial))
		results := round.Wait()
		round.Close()
		err := probe.FirstError(results)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(servePause):
		case <-ctx.Done():
			return provision.Fail("acme.not-served", s.Name, err)
		}
	}
}

// reload has the container's nginx test what it is to read, and read it.
func (s Service) reload(ctx context.Context) (said string, err error) {
	var out bytes.Buffer
	_, err = s.Exec(ctx, remote.Command{Script: reloadScript.With(s.Container), Sudo: true, Stdout: &out})
	return strings.TrimSpace(out.String()), err
}

// complaint is the line with which nginx refuses its configuration.
func complaint(said string) string {
	lines := strings.Split(said, "\n")
	for _, line := range slices.Backward(lines) {
		if strings.Contains(line, "[emerg]") {
			return line
		}
	}
	return cmp.Or(lines[len(lines)-1], "no output")
}

// Answer shows a text under a token, or takes it away where it is empty.
func Answer(ctx context.Context, host Host, name, challenges, token, text string) error {
	if _, err := host.Exec(ctx, remote.Command{Script: answerScript.With(challenges, token), Stdin: strings.NewReader(text)}); err != nil {
		return provision.Fail("acme.unanswered", name, err)
	}
	return nil
}
