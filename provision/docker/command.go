// Package docker holds the docker commands as values and what they print as types. It runs nothing: a function returns the
// argument list, and whoever has the host runs it.
package docker

import (
	"regexp"
	"strconv"
)

// Labels that tell what is ours and what made it.
const (
	LabelSite      = "io.provision.site"      // the site's name
	LabelDirectory = "io.provision.directory" // where the site lives, for hosts with two sites of one name
	LabelImage     = "io.provision.image"     // image: the name that it was built as, beside that of its release
	LabelTree      = "io.provision.tree"      // image: digest of the files it was built from
	LabelSpec      = "io.provision.spec"      // container: digest of its run specification
	LabelRelease   = "io.provision.release"   // container: the release that it is
	LabelEdge      = "io.provision.edge"      // container: its name, where it is a part of the host's edge
	LabelResponder = "io.provision.responder" // container: it answers a CA's challenges, and ends by itself
)

// ownLabel is one of our labels in a command as it is typed into a shell; a quote within a quoted word is '"'"'.
var ownLabel = regexp.MustCompile(` --label (?:'io\.provision\.(?:[^']|'"'"')*'|io\.provision\.[^ ']*)`)

// Unlabelled is a command, as it is typed into a shell, without the labels that are only of use to us.
func Unlabelled(command string) string { return ownLabel.ReplaceAllString(command, "") }

// Tag gives an image another name.
func Tag(image, name string) []string { return []string{"docker", "tag", image, name} }

// Pull has the engine fetch an image, for the platform where that is not its own.
func Pull(image, platform string) []string {
	if platform != "" {
		return []string{"docker", "pull", "--platform", platform, image}
	}
	return []string{"docker", "pull", image}
}

// Untag takes a name from an image that has others.
func Untag(name string) []string { return []string{"docker", "image", "rm", name} }

// TestNginx has the image's own nginx load its configuration and key pair, with no network, under the volumes of the site. What it
// says is read from the command: it needs no log, whose driver may not work on the host.
func TestNginx(image string, volumes []string) []string {
	argv := []string{"docker", "run", "--rm", "--network", "none", "--log-driver", "none"}
	for _, v := range volumes {
		argv = append(argv, "-v", v)
	}
	return append(argv, "--entrypoint", "nginx", image, "-t")
}

// notRun is the least exit status by which docker run says that it is docker that failed, and not the program: 126 and 127 tell of
// a program that cannot be started.
const notRun = 125

// NotRun reports whether an exit status of docker run tells that the program never ran.
func NotRun(status int) bool { return status >= notRun && status <= notRun+2 }

// DumpNginx has nginx in a running container print its whole configuration, as it reads it there.
func DumpNginx(container string) []string {
	return []string{"docker", "exec", container, "nginx", "-T"}
}

// RemoveNetwork removes a network that nothing uses any more.
func RemoveNetwork(name string) []string { return []string{"docker", "network", "rm", name} }

// Connect attaches a container to a network; with host ports in its specification it takes them as it joins the bridge.
func Connect(network, container string) []string {
	return []string{"docker", "network", "connect", network, container}
}

// Disconnect detaches a container from a network, which frees the host ports it held there.
func Disconnect(network, container string) []string {
	return []string{"docker", "network", "disconnect", "--force", network, container}
}

// Rename gives a container another name.
func Rename(container, name string) []string { return []string{"docker", "rename", container, name} }

// Start starts a stopped container.
func Start(container string) []string { return []string{"docker", "start", container} }

// Stop asks containers to end, all at once, and kills what has not after grace seconds.
func Stop(grace int, containers ...string) []string {
	return append([]string{"docker", "stop", "-t", strconv.Itoa(grace)}, containers...)
}

// Remove removes a container, running or not, with its anonymous volumes.
func Remove(container string) []string { return []string{"docker", "rm", "-f", "-v", container} }

// Inspect prints what docker knows of containers, images and networks, as one JSON array.
func Inspect(names ...string) []string { return append([]string{"docker", "inspect"}, names...) }

// Description is the format in which docker image inspect prints in one line what [ParseDescription] reads.
const Description = `{"Id":{{json .Id}},"RepoTags":{{json .RepoTags}},"Created":{{json .Created}},"Size":{{.Size}},"Config":{"Labels":{{json .Config.Labels}}}}`

// ImageID prints the id of an image that is on the host.
func ImageID(image string) []string {
	return []string{"docker", "image", "inspect", "--format", "{{.Id}}", image}
}

// Wait prints the exit status of a container once it ends.
func Wait(container string) []string { return []string{"docker", "wait", container} }

// Logs prints the last n lines of a container's log, or all for n < 0, from since on where that is not empty: a time, or how long
// ago. follow goes on until the container ends.
func Logs(container string, n int, since string, follow bool) []string {
	argv := []string{"docker", "logs"}
	if since != "" {
		argv = append(argv, "--since", since)
	}
	if n >= 0 {
		argv = append(argv, "--tail", strconv.Itoa(n))
	}
	if follow {
		argv = append(argv, "--follow")
	}
	return append(argv, container)
}

// Exec runs a command in a running container. Interactive keeps its standard input open.
func Exec(container string, interactive bool, command ...string) []string {
	argv := []string{"docker", "exec"}
	if interactive {
		argv = append(argv, "-i")
	}
	return append(append(argv, container), command...)
}

// ExecTerminal runs a command in a running container with a terminal of its own, a shell for example.
func ExecTerminal(container string, command ...string) []string {
	return append([]string{"docker", "exec", "-it", container}, command...)
}

// Architecture prints the engine's, as Go and Docker name them: amd64, arm64.
func Architecture() []string { return []string{"docker", "version", "--format", "{{.Server.Arch}}"} }

// Load reads an image from standard input.
func Load() []string { return []string{"docker", "load", "--quiet"} }

// RemoveImage removes an image, or a name of one that has others.
func RemoveImage(image string) []string { return []string{"docker", "rmi", image} }

// Respond starts a container that answers a CA's challenges on port 80 from a folder of the host, and may do nothing else. It is gone
// once it ends.
func Respond(name, image, folder string) []string {
	return []string{"docker", "run", "-d", "--rm", "--name", name, "--label", LabelResponder + "=" + name,
		"--read-only", "--cap-drop", "ALL", "--cap-add", "NET_BIND_SERVICE", "--security-opt", "no-new-privileges",
		"--memory", "64m", "--pids-limit", "64", "--log-driver", "none",
		"-p", "80:80", "-v", folder + ":/challenges:ro", image, "respond"}
}
