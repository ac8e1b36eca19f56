package facts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/safetext"
)

// Docker is what a host's Docker knows of a site.
type Docker struct {
	DockerError string // why it does not answer; empty where it does
	Podman      bool   // it is podman that answers in its place
	Rootless    bool   // it runs on the host as the user
	Apart       bool   // its networks are not the host's: a container's own address leads somewhere else from there, or nowhere
	Root        string // the folder of its images and containers; empty: not asked
	Containers  []Listed
	Container   *docker.Container // the one with the site's name; nil: none
	Image       *docker.Image     // the one with the site's tag; nil: none
	Bases       []string          // of those asked for, the ones that are there
}

// AskEngine asks the engine itself, by questions side by side. An error says that it is not to be reached that way, which a
// docker command may still do.
func (q Query) AskEngine(ctx context.Context, dial func(ctx context.Context, network, address string) (net.Conn, error)) (Docker, error) {
	engine := docker.NewEngine(dial)
	defer engine.Close()
	var d Docker
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		list, err := engine.Containers(ctx)
		for _, c := range list {
			d.Containers = append(d.Containers, listed(c))
		}
		return err
	})
	group.Go(func() (err error) { d.Container, err = engine.Container(ctx, q.Container); return err })
	group.Go(func() (err error) { d.Image, err = engine.Image(ctx, q.Image); return err })
	bases := make([]*docker.Image, len(q.Bases))
	for i, name := range q.Bases {
		group.Go(func() (err error) { bases[i], err = engine.Image(ctx, name); return err })
	}
	if q.Room {
		group.Go(func() error {
			info, err := engine.Info(ctx)
			if info != nil {
				d.Root = safetext.Clean(info.DockerRootDir)
			}
			return err
		})
	}
	err := group.Wait()
	if errors.Is(err, docker.ErrPodman) {
		return Docker{Podman: true}, nil
	}
	// The engine takes the beginning of an id for a name as well.
	if d.Container != nil && d.Container.BareName() != q.Container {
		d.Container = nil
	}
	if d.Image != nil && !d.Image.Tagged(q.Image) {
		d.Image = nil
	}
	for i, name := range q.Bases {
		if bases[i] != nil && bases[i].Named(name) {
			d.Bases = append(d.Bases, name)
		}
	}
	return d, err
}

// listed is a container as docker ps would list it.
func listed(c docker.Summary) Listed {
	label := func(name string) string { return docker.Label(c.Labels, name) }
	l := Listed{ID: c.ID, Image: safetext.Clean(c.Image), Status: safetext.Clean(c.Status),
		Site: label(docker.LabelSite), Directory: label(docker.LabelDirectory), Release: label(docker.LabelRelease)}
	for _, name := range c.Names { // a link gives a container another name, with a slash in it
		if name = strings.TrimPrefix(name, "/"); !strings.Contains(name, "/") {
			l.Name = name
			break
		}
	}
	var ports []string
	for _, p := range c.Ports {
		text := fmt.Sprintf("%d/%s", p.PrivatePort, p.Type)
		if p.PublicPort != 0 {
			text = fmt.Sprintf("%s:%d->%s", p.IP, p.PublicPort, text)
		}
		ports = append(ports, text)
	}
	slices.Sort(ports)
	l.Ports = strings.Join(ports, ", ")
	return l
}

// ParseDocker reads what DockerScript printed on a machine of that name. Its engine may be any: one of the user's own, in a virtual
// machine, far away.
func (q Query) ParseDocker(text []byte, machine string) (Docker, error) {
	var d Docker
	sections, err := q.split(text)
	if err != nil {
		return d, fmt.Errorf("read what docker tells on the host: %w", err)
	}
	if s := sections[sectionList]; s.exit != 0 {
		d.DockerError = s.err
		return d, nil
	}
	d.Apart = true
	if info, err := docker.ParseInfo(sections[sectionEngine].out); err == nil {
		d.Podman, d.Root = info.Podman(), safetext.Clean(info.DockerRootDir)
		d.Rootless = info.Rootless() && info.Name == machine
		d.Apart = info.Rootless() || info.Name != machine
	}
	for line := range bytes.Lines(sections[sectionList].out) {
		c := strings.Split(strings.TrimRight(string(line), "\n"), "\t")
		if len(c) == 8 {
			for i := range c {
				c[i] = safetext.Clean(c[i])
			}
			d.Containers = append(d.Containers, Listed{c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]})
		}
	}
	objects, err := docker.ParseInspect(sections[sectionObject].out)
	if err != nil {
		return d, err
	}
	// docker inspect may have found things of the same name that are neither.
	for i, c := range objects.Containers {
		if c.BareName() == q.Container {
			d.Container = &objects.Containers[i]
		}
	}
	for i, image := range objects.Images {
		if image.Tagged(q.Image) {
			d.Image = &objects.Images[i]
		}
	}
	for _, name := range q.Bases {
		if slices.ContainsFunc(objects.Images, func(i docker.Image) bool { return i.Named(name) }) {
			d.Bases = append(d.Bases, name)
		}
	}
	return d, nil
}
