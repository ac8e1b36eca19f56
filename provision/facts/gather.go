package facts

import (
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
)

// Host is what is asked of a host that is connected.
type Host interface {
	// Exec runs a command that does no harm when it is run twice. Command.Sudo marks what talks to Docker.
	Exec(ctx context.Context, cmd remote.Command) ([]byte, error)
	Dial(ctx context.Context, network, address string) (net.Conn, error)
	// DockerNeedsRoot says whether what talks to Docker has to become root, from now on.
	DockerNeedsRoot(needed bool)
}

// answerLimit is how much a host may tell of itself, in bytes: the list of a site's files may be long.
const answerLimit = 64 << 20

// Gather asks a host for all facts: one command, and beside it the questions to the Docker Engine. name is the host's, for what
// goes wrong.
func Gather(ctx context.Context, name string, host Host, query Query) (*Facts, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		known     Docker
		unreached error
		asking    sync.WaitGroup
	)
	asking.Go(func() { known, unreached = query.AskEngine(ctx, host.Dial) })
	out, err := host.Exec(ctx, remote.Command{Script: query.Script(), Limit: answerLimit})
	if err != nil {
		cancel()
	}
	asking.Wait()
	if err != nil {
		return nil, provision.Fail("facts.unread", name, err)
	}
	f, err := query.Parse(out)
	if err != nil {
		return nil, provision.Fail("facts.unread", name, err)
	}
	if unreached != nil || f.OtherEngine() {
		if known, err = askDocker(ctx, name, host, query, f); err != nil {
			return nil, err
		}
	}
	f = f.WithDocker(known)
	if query.Room && f.Root != "" && (f.Rootless || !f.Apart) { // on this very host
		if out, err = host.Exec(ctx, remote.Command{Script: diskScript.With(f.Root)}); err == nil {
			_, _ = fmt.Sscan(string(out), &f.RootFree, &f.RootUsed)
			f.RootFree <<= 10
		}
	}
	// Where the site's own container is not up, its ports have to be free.
	if live := f.Container; f.DockerError != "" || f.Podman || live != nil && live.Up() {
		return f, nil
	}
	if out, err = host.Exec(ctx, remote.Command{Script: PortsScript(f.Rootless)}); err != nil {
		return nil, provision.Fail("facts.ports-unread", name, err)
	}
	return f.WithPorts(ParsePorts(out)), nil
}

// askDocker asks by docker commands what the engine itself could not be asked. Where the user may not talk to it, they go
// through sudo, as every docker command of the run does then.
func askDocker(ctx context.Context, name string, host Host, query Query, f *Facts) (Docker, error) {
	root := f.DockerClosed() && !f.OtherEngine()
	host.DockerNeedsRoot(root)
	out, err := host.Exec(ctx, remote.Command{Script: query.DockerScript(), Sudo: true})
	switch {
	case err != nil && root:
		return Docker{}, provision.Fail("facts.docker-closed", f.User, name, err)
	case err != nil:
		return Docker{}, provision.Fail("facts.docker-unasked", name, err)
	}
	return query.ParseDocker(out, f.Machine)
}
