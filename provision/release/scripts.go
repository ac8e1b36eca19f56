package release

import (
	"embed"
	"strconv"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/shell"
)

//go:embed *.sh
var files embed.FS

// The scripts, with the functions that they share in front. What their arguments are stands at the top of each file.
var (
	bootScript         = shell.Load(files, "network.sh", "ours.sh", "boot.sh")
	bootKeptScript     = shell.Load(files, "network.sh", "stopping.sh", "boot_kept.sh")
	warmScript         = shell.Load(files, "tools.sh", "previous.sh", "cutover_warm.sh")
	coldScript         = shell.Load(files, "tools.sh", "previous.sh", "ours.sh", "stopping.sh", "cutover_cold.sh")
	backScript         = shell.Load(files, "tools.sh", "previous.sh", "cutover_back.sh")
	namesScript        = shell.Load(files, "tools.sh", "names.sh")
	removeScript       = shell.Load(files, "ours.sh", "remove.sh")
	tidyScript         = shell.Load(files, "images.sh", "sizes.sh", "tidy.sh")
	roomScript         = shell.Load(files, "images.sh", "sizes.sh", "room.sh")
	removeImagesScript = shell.Load(files, "images.sh", "remove_images.sh")
	insideScript       = shell.Load(files, "inside.sh")
	connectScript      = shell.Load(files, "connect.sh")
)

// The exit statuses of a cutover that did not come to be.
const (
	undoneExit = 71 // the ports are where they were
	lostExit   = 72 // the previous container did not get them back
)

// noNetworkExit is the exit status of a boot for which docker makes no internal network: its address pools are used up, or somebody
// else has the name.
const noNetworkExit = 73

// gapMark begins the line in which a cutover tells how long, in milliseconds, nobody could reach the site.
const gapMark = "out-of-reach "

// StopGrace is how many seconds a retired container may take to end. Docker's own default, and `bash ./start.sh` needs all of it:
// as process 1 it does not pass the signal on.
const StopGrace = 10

// truth is a truth value as an argument of a script.
func truth(set bool) string {
	if set {
		return "yes"
	}
	return ""
}

// previous is the container that a release takes the ports from, and what it takes to give them back.
type previous struct {
	id        string
	retired   string            // the name that it gets
	places    []docker.Endpoint // on which it held its ports
	inside    bool              // it is on the candidates' network
	onHost    bool              // it shares the host's network: only its end frees the ports
	publishes bool              // it has ports that docker can be asked for
	restart   string            // its restart policy
	down      bool              // it did not run
}

// serves reports whether there is a container that can be given the ports back.
func (p *previous) serves() bool { return p != nil && !p.down }

// args are the arguments of previous.sh.
func (p *previous) args() []string {
	if p == nil {
		return make([]string, 6)
	}
	var places []string
	for _, place := range p.places {
		places = append(places, shell.Quote(append([]string{place.Network}, place.ConnectOptions()...)...))
	}
	return []string{p.id, truth(p.serves()), truth(p.onHost), truth(p.publishes), p.restart, shell.Quote(places...)}
}

// insideScript connects to the candidate from inside: the way, the address and the port are given, or the way is asked for.
func (s *Switch) insideScript(to ...string) shell.Text {
	return insideScript.With(append([]string{s.candidate, truth(s.known.Rootless), string(connectScript.With())}, to...)...)
}

// options places the candidate's container.
func (s *Switch) options(o docker.RunOptions) docker.RunOptions {
	o.Name, o.Site, o.Directory = s.candidate, s.Site.Name, s.Site.Directory
	o.Image, o.Tree, o.Release = s.release.Image, s.release.Tree, s.release.ID
	o.Secrets = s.Site.Secrets(s.release.ID) + "/run"
	return o
}

// backScript gives the ports back to the previous container; onBridge: the failed one holds them there and is on no other network.
func (s *Switch) backScript(failed string, onBridge bool) shell.Text {
	return backScript.With(append(s.previous.args(), s.Site.Network(), failed, s.candidate, s.Site.Container, truth(onBridge))...)
}

// namesScript exchanges the names.
func (s *Switch) namesScript() shell.Text {
	id, retired, own := "", "", ""
	if p := s.previous; p != nil {
		id, retired, own = p.id, p.retired, s.Site.Container+"-"+docker.ShortID(p.id)
	}
	internal := s.Site.Network()
	if s.outside {
		internal = ""
	}
	return namesScript.With(id, retired, own, s.Site.Name, s.mover.moved(s), s.Site.Container, internal)
}

// tidyScript ends a verified release that has replaced the container of a name.
func (s Site) tidyScript(replaced string) shell.Text {
	return tidyScript.With(s.StateDir, s.Container, s.Candidate(), s.Name, s.Directory, s.Image, strconv.Itoa(s.Keep), strconv.Itoa(StopGrace), replaced,
		strconv.FormatInt(s.KeepSize, 10))
}

// RemoveImages is the script that takes from the site's images the names that builds gave them, and prints why one stays: one
// that somebody else's container needs does. It talks to Docker.
func (s Site) RemoveImages() shell.Text { return removeImagesScript.With(s.Name, s.Directory) }
