package sandbox

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// hostImage is the repository of the hosts' image; its tag is the version of
// the recipe.
const hostImage = "provision-sandbox-host"

// addressLock is held while addresses are given out or taken back.
const addressLock = "address.lock"

// upper is one Up at work.
type upper struct {
	options Options
	engine  engine
	rootfs  rootfs
	image   string // of the host
	base    string // path of BaseImage's archive; empty when no host needs it
	real    bool   // base is the image itself and not the stand-in
}

func newUpper(o Options) *upper { return &upper{options: o, rootfs: rootfs{say: o.say}} }

// prepare makes what all hosts share: their image and the stand-in.
func (u *upper) prepare(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) { u.image, err = u.prepareImage(ctx); return err })
	if !u.options.NoBaseImage {
		group.Go(func() error { return u.prepareBase(ctx) })
	}
	return group.Wait()
}

// prepareBase takes the real base image where it is here or can be pulled. A
// stand-in made earlier stays in use until Purge: nothing is asked of the
// network then.
func (u *upper) prepareBase(ctx context.Context) (err error) {
	recipe := standInRecipe()
	if !u.rootfs.has(recipe) && u.rootfs.pulled(ctx, BaseImage) {
		u.real = true
		u.base, err = u.rootfs.saved(ctx, BaseImage)
		return err
	}
	u.base, err = u.rootfs.archive(ctx, recipe)
	return err
}

// prepareImage returns the name of the hosts' image, making it if need be.
func (u *upper) prepareImage(ctx context.Context) (string, error) {
	recipe := u.options.engine.recipe()
	image := hostImage + ":" + recipe.version()
	// A second import at the same time would leave the first one's image nameless.
	unlock, err := lock(ctx, "image.lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	_, err = u.engine.run(ctx, "image", "inspect", "--format", "{{.Id}}", image)
	if err == nil {
		return image, nil
	}
	if !saysNone(err) {
		return "", fmt.Errorf("cannot look for the sandbox's image: %w", err)
	}
	archive, err := u.rootfs.archive(ctx, recipe)
	if err != nil {
		return "", err
	}
	u.options.say("sandbox.image")
	if _, err := u.engine.run(ctx, "import", "--change", "LABEL "+labelImage+"="+recipe.version(), archive, image); err != nil {
		return "", fmt.Errorf("cannot import the sandbox's image: %w", err)
	}
	return image, nil
}

// host brings one host up and waits until it can be used.
func (u *upper) host(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, fmt.Errorf("not ready after %s", readyTimeout))
	defer cancel()
	started := time.Now()
	host, err := u.create(ctx, name)
	if err != nil {
		return err
	}
	if !host.Running {
		u.options.say("sandbox.starting", name, host.Address)
		if _, err := u.engine.run(ctx, "start", host.Container); err != nil {
			return fmt.Errorf("cannot start sandbox host %s: %w", name, err)
		}
	}
	if err := u.ready(ctx, host); err != nil {
		return fmt.Errorf("sandbox host %s at %s did not come up: %w", name, host.Address, err)
	}
	if err := u.loadBase(ctx, host); err != nil {
		return fmt.Errorf("cannot put %s on sandbox host %s: %w", BaseImage, name, err)
	}
	if err := u.engine.trust(ctx, host); err != nil {
		return err
	}
	u.options.say("sandbox.up", name, host.Address, time.Since(started).Seconds())
	return nil
}

// create returns the host, making its container if there is none. Addresses
// are given out under a lock that every process of this machine's user takes.
func (u *upper) create(ctx context.Context, name string) (Host, error) {
	unlock, err := lock(ctx, addressLock)
	if err != nil {
		return Host{}, err
	}
	defer unlock()

	taken := map[string]bool{}
	var host Host
	all, err := u.engine.hosts(ctx, func(Host) bool { return true })
	if err != nil {
		return Host{}, err
	}
	for _, h := range all {
		taken[h.Address] = true
		if h.Name == name {
			host = h
		}
	}
	if host.Name != "" && (host.dir != hostDir(u.options.Dir, name) || host.set != u.options.Name) {
		return Host{}, fmt.Errorf("a sandbox host %s exists already, made as %q with its files in %s: choose another name, or take it down first",
			name, host.set, host.dir)
	}
	if host.Name != "" && (host.Engine != u.options.Engine || host.System != u.options.System) {
		return Host{}, fmt.Errorf("the sandbox host %s exists already, with the engine %s and the system %s: choose another name, or take it down first",
			name, host.Engine, host.System)
	}
	identity, fresh, err := ensureIdentity(hostDir(u.options.Dir, name))
	if err != nil {
		return Host{}, err
	}
	if host.Name != "" {
		if fresh {
			return host, u.authorize(ctx, host, identity)
		}
		return host, nil
	}
	address, err := freeAddress(ctx, taken, u.options.ports())
	if err != nil {
		return Host{}, err
	}
	if err := u.createContainer(ctx, name, address, identity); err != nil {
		return Host{}, errors.Join(err, u.engine.remove(context.WithoutCancel(ctx), name))
	}
	c, err := u.engine.inspect(ctx, resourceName(name))
	return c.host(), err
}

func (u *upper) createContainer(ctx context.Context, name, address string, authorizedKey []byte) error {
	volume := resourceName(name)
	// A volume left by a host that was removed by hand holds another host's images.
	if _, err := u.engine.run(ctx, "volume", "rm", "--force", volume); err != nil {
		return fmt.Errorf("cannot remove the old volume of sandbox host %s: %w", name, err)
	}
	if _, err := u.engine.run(ctx, "volume", "create", "--label", labelName+"="+name, volume); err != nil {
		return fmt.Errorf("cannot make the volume of sandbox host %s: %w", name, err)
	}
	if _, err := u.engine.run(ctx, createArgs(u.options, name, address, u.image)...); err != nil {
		return fmt.Errorf("cannot make sandbox host %s: %w", name, err)
	}
	archive, err := configuration(u.options, authorizedKey)
	if err != nil {
		return err
	}
	if _, err := u.engine.pipe(ctx, archive, "cp", "-", resourceName(name)+":/"); err != nil {
		return fmt.Errorf("cannot configure sandbox host %s: %w", name, err)
	}
	return nil
}

// authorize lets a new key in where the files of an existing host were lost.
func (u *upper) authorize(ctx context.Context, host Host, authorizedKey []byte) error {
	if !host.Running {
		if _, err := u.engine.run(ctx, "start", host.Container); err != nil {
			return fmt.Errorf("cannot start sandbox host %s: %w", host.Name, err)
		}
	}
	script := "cat >/home/kevin/.ssh/authorized_keys"
	if _, err := u.engine.exec(ctx, host.Container, strings.NewReader(string(authorizedKey)), "/bin/sh", "-c", script); err != nil {
		return fmt.Errorf("cannot give kevin a new key on sandbox host %s: %w", host.Name, err)
	}
	return nil
}

// ready waits until sshd and the engine on the host answer.
func (u *upper) ready(ctx context.Context, host Host) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := banner(ctx, net.JoinHostPort(host.Address, strconv.Itoa(host.Port)))
		if err == nil && host.PrepareAs == "" {
			_, err = u.engine.docker(ctx, host.Container, nil, "version")
		}
		if err == nil {
			return nil
		}
		if c, inspectErr := u.engine.inspect(ctx, host.Container); inspectErr == nil && !c.State.Running {
			return fmt.Errorf("it ended with status %d: %s", c.State.ExitCode, u.lastWords(ctx, host))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w: %s", context.Cause(ctx), err, u.lastWords(context.WithoutCancel(ctx), host))
		case <-tick.C:
		}
	}
}

// lastWords is what a host that does not come up said last.
func (u *upper) lastWords(ctx context.Context, host Host) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	said, err := u.engine.run(ctx, "logs", "--tail", "5", host.Container)
	if err != nil {
		return err.Error()
	}
	engineSaid, err := u.engine.exec(ctx, host.Container, nil, "tail", "-n", "5", "/var/log/dockerd.log")
	if err == nil {
		said += engineSaid
	}
	return strings.Join(strings.Split(strings.TrimSpace(said), "\n"), " / ")
}

// banner asks sshd for the line that it greets with.
func banner(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return fmt.Errorf("no greeting from sshd at %s: %w", address, err)
	}
	if !strings.HasPrefix(line, "SSH-2.0-") {
		return fmt.Errorf("%s greets with %q, which is no SSH server", address, strings.TrimSpace(line))
	}
	return nil
}

// loadBase puts BaseImage on the host unless it is there.
func (u *upper) loadBase(ctx context.Context, host Host) error {
	if u.options.NoBaseImage {
		return nil
	}
	if host.PrepareAs != "" { // it may have an engine by now
		if _, err := u.engine.docker(ctx, host.Container, nil, "version"); err != nil {
			return nil
		}
	}
	_, err := u.engine.docker(ctx, host.Container, nil, "image", "inspect", "--format", "{{.Id}}", BaseImage)
	if err == nil || !saysNone(err) {
		return err
	}
	archive, err := os.Open(u.base)
	if err != nil {
		return err
	}
	defer archive.Close()
	if u.real {
		_, err = u.engine.docker(ctx, host.Container, archive, "load", "--quiet")
		return err
	}
	_, err = u.engine.docker(ctx, host.Container, archive, "import", "--change", "ENV LANG=C.UTF-8", "--change", `CMD ["/bin/bash"]`, "-", BaseImage)
	return err
}
