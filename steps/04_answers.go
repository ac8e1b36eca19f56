package steps

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/certificate"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	images "github.com/kehuo/provision/provision/image"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/renewal"
	"github.com/kehuo/provision/provision/shell"
)

// answering is a host as it answers the CA: beside what a run does there, and so with a connection of its own that takes no lock, and
// with the facts as they were when the host was reached.
type answering struct {
	*connection
	site       release.Site
	known      *facts.Facts
	challenges string // the folder of the answers
}

// answers are shown to the CA by every host that is connected, whichever of them the DNS leads to: by the running container, or,
// where nothing listens on port 80 yet, by a responder that ends with the order.
type answers struct {
	*obtained
	own      string // the host whose turn it is: the others help where they can
	reporter *provision.Reporter
	opened   map[*answering]string // hosts that answer; the image of the responder, if one does
}

var _ certificate.Solver = (*answers)(nil)

// Present implements certificate.Solver.
func (a *answers) Present(ctx context.Context, _, token, text string) error {
	for _, h := range a.connected() {
		err := a.open(ctx, h)
		if err == nil {
			err = h.answer(ctx, token, text)
		}
		if err != nil && h.host == a.own {
			return err
		}
	}
	return nil
}

// CleanUp implements certificate.Solver.
func (a *answers) CleanUp(ctx context.Context, _, token, _ string) error {
	var first error
	for h := range a.opened {
		if err := h.answer(ctx, token, ""); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// answer shows a text under a token, or takes it away where it is empty.
func (h *answering) answer(ctx context.Context, token, text string) error {
	return renewal.Answer(ctx, h, h.host, h.challenges, token, text)
}

const challengePort = 80

// open makes sure that somebody on the host answers on port 80.
func (a *answers) open(ctx context.Context, h *answering) error {
	if _, is := a.opened[h]; is {
		return nil
	}
	if a.opened == nil {
		a.opened = map[*answering]string{}
	}
	live := h.known.Container
	up := live != nil && live.Up()
	if up && !mounted(live, h.challenges) {
		return provision.Fail("acme.not-answering", h.site.Container, h.host)
	}
	held := h.site.PortHolder(h.known, inventory.Port{Host: challengePort, Container: challengePort, Protocol: "tcp"})
	if up || held != nil { // who holds the port may well pass the question on; what comes of it is asked
		a.opened[h] = ""
		return nil
	}
	var err error
	if a.opened[h], err = h.startResponder(ctx, a.reporter); err != nil {
		return provision.Fail("acme.no-responder", h.host, err)
	}
	return nil
}

// startResponder starts one, from an image that is sent for this and has nothing in it but the program, and returns that.
func (h *answering) startResponder(ctx context.Context, r *provision.Reporter) (name string, err error) {
	out, err := h.Exec(ctx, remote.Command{Argv: docker.Architecture(), Sudo: true})
	if err != nil {
		return "", err
	}
	name, archive, err := images.Own(strings.TrimSpace(string(out)))
	if err != nil {
		return "", err
	}
	if _, err = h.Exec(ctx, remote.Command{Argv: docker.Load(), Stdin: bytes.NewReader(archive), Sudo: true}); err != nil {
		return "", err
	}
	if err := h.answer(ctx, "none", ""); err != nil { // makes the folder, which Docker would make root's
		return name, err
	}
	_, _ = h.Exec(ctx, remote.Command{Argv: docker.Remove(h.site.Responder()), Sudo: true}) // an interrupted run's
	argv := docker.Respond(h.site.Responder(), name, h.challenges)
	r.Command(shell.Quote(argv...))
	_, err = h.Exec(ctx, remote.Command{Argv: argv, Sudo: true})
	return name, err
}

// close ends the responders and removes what they were made of.
func (a *answers) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), responderEnd)
	defer cancel()
	for h, image := range a.opened {
		if image != "" {
			_, _ = h.Exec(ctx, remote.Command{Argv: docker.Remove(h.site.Responder()), Sudo: true}) // it ends by itself as well
			_, _ = h.Exec(ctx, remote.Command{Argv: docker.RemoveImage(image), Sudo: true})
		}
	}
}

// responderEnd is how long it may take to end the responders.
const responderEnd = 20 * time.Second

// joinAnswers has the host answer the CA as it is known by now.
func (h *Host) joinAnswers() {
	if h.obtained == nil {
		return
	}
	h.obtained.leave(h.Name())
	h.obtained.join(&answering{&connection{
		host: h.Name(), words: h.Words, client: h.connection.client, stateDir: h.site.StateDir, sudo: h.connection.sudo,
	}, h.site, h.facts.Facts, h.placed.Challenges})
}

// keeping is the part of step 4 that has the certificate.
func (h *Host) keeping(s step) *keeping {
	return &keeping{s, h.obtained, h.placed, h.facts, h.connection, h.visitors, h.site.Container, &h.late}
}

// afterRelease does what had to wait for a release of this run.
func (h *Host) afterRelease(ctx context.Context, r *provision.Reporter) error {
	if h.obtained == nil || !h.late {
		return nil
	}
	h.joinAnswers()
	return h.keeping(step{Run, h.Name(), h.Words}).afterRelease(ctx, r)
}
