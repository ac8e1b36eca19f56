package release

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/inventory"
)

// Site is what a release needs to know of the site and of its place on one host.
type Site struct {
	Host      string // the host's name, for what is told
	Name      string
	Directory string // where it lives there
	StateDir  string // the folder beside that
	Container string // the name that is live
	Image     string
	Ports     []inventory.Port
	Restart   string // restart policy of a release of which nothing else is known
	Keep      int    // how many earlier releases stay
	KeepSize  int64  // bytes that they may take beyond the live one; 0: no bound
	Cutover   string // inventory.CutoverAuto, CutoverWarm or CutoverCold
}

// NewSite returns the site of an inventory on a host.
func NewSite(host, stateDir string, s inventory.Site) Site {
	return Site{
		Host: host, Name: s.Name, Directory: s.Directory, StateDir: stateDir, Container: s.Container, Image: s.Image,
		Ports: s.Ports, Restart: s.Restart, Keep: s.Keep, KeepSize: s.KeepSize, Cutover: s.Cutover,
	}
}

// Network is the internal network on which candidates boot.
func (s Site) Network() string { return "provision-" + s.Name }

// Candidate is the name of a container that has never been live. There is one at a time: the lock sees to it.
func (s Site) Candidate() string { return s.Container + "-candidate" }

// ImageOf is the name that an image keeps while its release is kept: the site's, with the tree's digest as tag.
func (s Site) ImageOf(tree string) string { return repository(s.Image) + ":" + tree[:digits] }

// Secrets is the folder on the host with the files that a release finds in docker.SecretsPath; they lie in its folder "run".
func (s Site) Secrets(release string) string { return s.StateDir + "/secrets-" + release }

// digits is how many digits of an id or a digest stand in names: of a tree's in images.sh too, of a container's as docker shows it.
const digits = 12

// repository is an image's name without its tag.
func repository(image string) string {
	if at := strings.LastIndexByte(image, ':'); at > strings.LastIndexByte(image, '/') {
		return image[:at]
	}
	return image
}

// Owns reports whether the container with the site's name may be replaced without asking: it carries our labels, or it runs an
// image of the site's name, as after following the tutorial by hand.
func (s Site) Owns(c *docker.Container) bool {
	return s.LivesIn(c.Label(docker.LabelDirectory)) &&
		(c.Label(docker.LabelSite) == s.Name || repository(c.Config.Image) == repository(s.Image))
}

// LivesIn reports whether a label names the site's folder: another one is of another site, whose name may be the same.
// Containers of earlier versions of the program do not have the label.
func (s Site) LivesIn(directory string) bool { return directory == "" || directory == s.Directory }

// IsRelease reports whether a run has given a container its name: the candidate's, one that ends with the release that it is, or
// with its own id. Labels alone do not tell: a container that somebody runs from one of our images has those of the image, and
// one of an image that was committed from a release has all of them.
func (s Site) IsRelease(c facts.Listed) bool {
	if id, named := strings.CutPrefix(c.Name, s.Container+"-"); named && len(id) == digits && strings.HasPrefix(c.ID, id) {
		return true
	}
	return s.labelled(c) && (c.Name == s.Candidate() || strings.HasSuffix(c.Name, "-"+c.Release))
}

// labelled reports whether a container has the labels of a release of the site.
func (s Site) labelled(c facts.Listed) bool {
	return c.Release != "" && c.Site == s.Name && s.LivesIn(c.Directory)
}

// IsRenamedRelease reports whether a container is a release that has the site's ports, but not its name: somebody has renamed
// one of the two.
func (s Site) IsRenamedRelease(c facts.Listed) bool {
	return c.Name != s.Container && s.labelled(c) && slices.ContainsFunc(s.Ports, func(p inventory.Port) bool {
		return c.Publishes(p.Address, p.Host)
	})
}

// HasName reports whether a container has the site's name or that of one of its releases: whose it is, and whether it may be
// replaced, is asked then.
func (s Site) HasName(c facts.Listed) bool {
	return c.Name == s.Container || strings.HasPrefix(c.Name, s.Container+"-")
}

// Responder is the name of a container that answers a CA's challenges for the site while nothing else has its port.
func (s Site) Responder() string { return "provision-acme-" + s.Container }

// Own are the containers of the site, but for the live one.
func (s Site) Own(list []facts.Listed) []facts.Listed {
	return slices.DeleteFunc(slices.Clone(list), func(c facts.Listed) bool { return !s.IsRelease(c) && !s.IsRenamedRelease(c) })
}

// Retired are the containers that were live once.
func (s Site) Retired(list []facts.Listed) []facts.Listed {
	return slices.DeleteFunc(slices.Clone(list), func(c facts.Listed) bool { return !s.IsRelease(c) || c.Name == s.Candidate() })
}

// ReleaseOf is the release that a retired container is; one that was run by hand goes by the id in its name.
func (s Site) ReleaseOf(name, label string) string {
	return cmp.Or(label, strings.TrimPrefix(name, s.Container+"-"))
}

// Holder is a container of the site that holds the host's ports without having the live name: a cutover was interrupted after
// the ports had moved. It is nil where there is none.
func (s Site) Holder(list []facts.Listed) *facts.Listed {
	if slices.ContainsFunc(list, func(c facts.Listed) bool { return c.Name == s.Container && c.HoldsPorts() }) {
		return nil
	}
	own := s.Own(list)
	if at := slices.IndexFunc(own, facts.Listed.HoldsPorts); at >= 0 {
		return &own[at]
	}
	return nil
}

// LeftOver are the names of containers that an interrupted run left: they run although they are not live, and nobody is stopping
// them, or were candidates.
func (s Site) LeftOver(list []facts.Listed, stopping []string) []string {
	var names []string
	for _, c := range s.Own(list) {
		if c.Name == s.Candidate() || c.Up() && !slices.Contains(stopping, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

// Serves reports whether the live container holds the host's ports. That it is on a network which reaches them is not enough:
// over a taken port, docker leaves it there without them.
func (s Site) Serves(known facts.Docker) bool {
	live := known.Container
	if live == nil || !live.Serves(s.Network()) {
		return false
	}
	at := slices.IndexFunc(known.Containers, func(c facts.Listed) bool { return c.ID == live.ID })
	return at < 0 || live.HostConfig.NetworkMode == "host" || known.Containers[at].HoldsPorts()
}

// FailedExit is the exit status of a run that failed before the ports moved: the previous release serves, if there is one.
func (s Site) FailedExit(known facts.Docker) int {
	if s.Serves(known) {
		return provision.ExitKeptOld
	}
	return provision.ExitFailed
}

// NoWayIn is the failure of a host whose sshd connects us to no port there: no release can be asked whether it answers.
func (s Site) NoWayIn(known facts.Docker, err error) error {
	return provision.Fail("release.no-way-in", s.Host, err).WithExit(s.FailedExit(known))
}

// PortHolder names who has a port of the host, as a failure whose words do; nil where it is the site itself, or nobody.
func (s Site) PortHolder(known *facts.Facts, p inventory.Port) *provision.Failure {
	if live := known.Container; live != nil && live.Up() && live.HostConfig.NetworkMode == "host" {
		return nil // what listens on the host may well be the site
	}
	for _, c := range known.Containers {
		switch {
		case !c.Publishes(p.Address, p.Host):
		case c.Name == s.Container || c.Name == s.Responder() || s.IsRelease(c) || s.IsRenamedRelease(c):
			return nil
		default:
			return provision.Fail("release.holder-container", c.Name, c.Image)
		}
	}
	at := slices.IndexFunc(known.Listeners, func(l facts.Listener) bool { return l.Holds(p.Address, p.Host) })
	if at < 0 {
		return nil
	}
	if name := known.Listeners[at].Process; name != "" && name != "docker-proxy" {
		return provision.Fail("release.holder-process", name)
	}
	return provision.Fail("release.holder-stranger", p.Host)
}
