package steps

import (
	"context"
	"crypto/rand"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/provision/remote"
)

// OneOff is a container that runs one command as the live release would.
type OneOff struct {
	host *Host
	name string
	Argv []string // what starts it
}

// OneOff returns the container for a command: of the live release's own image and settings, as the host has kept them.
func (h *Host) OneOff(ctx context.Context, terminal, input bool, command []string) (*OneOff, error) {
	live := h.facts.Container
	if !h.site.Owns(live) {
		return nil, provision.Fail("run.foreign", live.BareName(), h.Name())
	}
	saved, err := release.ReadLive(ctx, h.connection, h.site, live)
	switch {
	case err != nil:
		return nil, err
	case saved == nil:
		return nil, provision.Fail("run.unsaved", live.BareName(), h.Name())
	}
	o := &OneOff{host: h, name: h.site.Container + "-run-" + strings.ToLower(rand.Text()[:6])}
	o.Argv = saved.Spec.OneOff(docker.OneOffOptions{
		Name: o.name, Site: h.site.Name, Directory: h.site.Directory, Purpose: "run", Image: live.Image,
		Secrets: h.site.Secrets(live.Label(docker.LabelRelease)) + "/run", Terminal: terminal, Input: input,
	}, command...)
	return o, nil
}

// Remove removes the container of a command that was given up.
func (o *OneOff) Remove(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takingBack)
	defer cancel()
	_, err := o.host.connection.Exec(ctx, remote.Command{Argv: docker.Remove(o.name), Sudo: true})
	return err
}
