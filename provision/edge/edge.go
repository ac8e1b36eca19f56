// Package edge is the program's side of a host's edge: its two containers and the sites' networks as docker commands, and what is
// asked of its router. It runs nothing: whoever has the host does.
package edge

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/edge/route"
	"github.com/kehuo/provision/provision/shell"
)

// The names of what the edge consists of on a host.
const (
	Holder = "provision-edge-holder" // has the host's ports and lends the sockets
	Router = "provision-edge-router" // accepts visitors and passes them on
	Volume = "provision-edge"        // where the two meet, and where the routes are kept
)

// StrangerExit is the status of [Up] where a container that is not ours has one of the names.
const StrangerExit = 74

//go:embed *.sh
var files embed.FS

var (
	upScript   = shell.Load(files, "up.sh")
	joinScript = shell.Load(files, "join.sh")
)

// confined are the options of both: no right but that to bind low ports, nothing to write to but the volume, and bounds on the rest.
func confined(name, memory string) []string {
	return []string{"docker", "run", "-d", "--name", name, "--label", docker.LabelEdge + "=" + name, "--restart", "always",
		"--read-only", "--cap-drop", "ALL", "--cap-add", "NET_BIND_SERVICE", "--security-opt", "no-new-privileges",
		"--memory", memory, "--pids-limit", "256",
		"--log-driver", "json-file", "--log-opt", "max-size=1m", "--log-opt", "max-file=3", "-v", Volume + ":/run/edge"}
}

// Hold starts the holder on the host's own network, where the address that a visitor comes from is real.
func Hold(image string) []string {
	return append(confined(Holder, "64m"), "--network", "host", image, "hold", ":80", ":443")
}

// Serve starts the router.
func Serve(image string) []string { return append(confined(Router, "256m"), image, "serve") }

// Up starts what is missing of the edge, or down. It talks to Docker.
func Up(image string) shell.Text {
	return upScript.With(Holder, shell.Quote(Hold(image)...), Router, shell.Quote(Serve(image)...))
}

// Network is the site's network, which its containers share with the router alone. Two sites of a name have two.
func Network(o route.Owner) string {
	sum := sha256.Sum256([]byte(o.Directory))
	return "provision-edge-" + o.Name + "-" + hex.EncodeToString(sum[:4])
}

// Join makes the site's network, where it is missing, and has the router join it. It talks to Docker.
func Join(o route.Owner) shell.Text { return joinScript.With(Network(o), o.Name, o.Directory, Router) }

// Change passes the request that it reads to the router, and prints the reply.
func Change() []string { return docker.Exec(Router, true, "/edge", "route") }

// Status prints what the router routes.
func Status() []string { return docker.Exec(Router, false, "/edge", "status") }
