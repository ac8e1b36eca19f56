package steps

import (
	"bytes"
	"context"
	"crypto/rand"
	"sync"

	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/transfer"
)

// gather reads all facts again: one command, and beside it the questions to the Docker Engine.
func (h *Host) gather(ctx context.Context) error {
	query := h.query()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		known     facts.Docker
		unreached error
		asking    sync.WaitGroup
	)
	asking.Go(func() { known, unreached = query.AskEngine(ctx, h.client.DialContext) })
	out, err := h.exec(ctx, remote.Command{Script: query.Script()})
	if err != nil {
		cancel()
	}
	asking.Wait()
	if err != nil {
		return h.fail("fail.facts", h.Name(), err)
	}
	if h.facts, err = query.Parse(out); err != nil {
		return err
	}
	h.facts = h.facts.WithDocker(known)
	if unreached != nil || h.facts.OtherEngine() {
		if err := h.askDocker(ctx, query); err != nil {
			return err
		}
	}
	if err := h.listeners(ctx); err != nil || h.Manifest == nil {
		return err
	}
	return h.list(ctx)
}

// query says what to ask the host.
func (h *Host) query() facts.Query {
	s := h.site()
	query := facts.Query{
		Directory: s.Directory,
		Container: s.Container,
		Image:     s.Image,
		Room:      h.room,
		Mark:      rand.Text(),
	}
	if h.Manifest != nil {
		query.Files = shell.Text(transfer.HostScript(s.Directory, h.StateDir(), h.Manifest))
	}
	return query
}

// askDocker asks by docker commands what the engine itself could not be asked. Where the user may not talk to it, they go
// through sudo, as every docker command of the run does then.
func (h *Host) askDocker(ctx context.Context, query facts.Query) error {
	h.sudo = h.facts.DockerClosed() && !h.facts.OtherEngine()
	out, err := h.exec(ctx, remote.Command{Script: query.DockerScript(), Sudo: h.sudo})
	switch {
	case err != nil && h.sudo:
		return h.fail("fail.docker-closed", h.facts.User, h.Name(), err)
	case err != nil:
		return h.fail("fail.ask-docker", h.Name(), err)
	}
	known, err := query.ParseDocker(out)
	h.facts = h.facts.WithDocker(known)
	return err
}

// listeners asks who listens on the host, where the site's own container is not up: then its ports have to be free.
func (h *Host) listeners(ctx context.Context) error {
	if live := h.facts.Container; h.facts.DockerError != "" || live != nil && live.Up() {
		return nil
	}
	out, err := h.exec(ctx, remote.Command{Script: facts.PortsScript()})
	if err != nil {
		return h.fail("fail.ask-ports", h.Name(), err)
	}
	h.facts = h.facts.WithListeners(facts.ParsePorts(out))
	return nil
}

// list reads the host's side of the files; a tree of very many new ones is asked for once more, by its names.
func (h *Host) list(ctx context.Context) error {
	listing, err := transfer.ParseHost(bytes.NewReader(h.facts.Files))
	if err == nil && !listing.Complete(h.Manifest) {
		return h.persist(ctx, func() error { return h.relist(ctx) })
	}
	if err != nil {
		return h.fail("fail.list", h.site().Directory, h.Name(), err)
	}
	h.listing = listing
	return nil
}

// relist reads the host's side of the files anew.
func (h *Host) relist(ctx context.Context) error {
	listing, err := transfer.List(ctx, h.client, h.site().Directory, h.StateDir(), h.Manifest)
	if err != nil {
		return h.fail("fail.list", h.site().Directory, h.Name(), err)
	}
	h.listing = listing
	return nil
}
