// Package facts gathers everything that planning needs to know of a host in one round trip: it gives one script to run there
// and reads what the script prints.
package facts

import (
	"embed"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/state"
)

// Query says what to ask a host.
type Query struct {
	Directory string // the site's folder on the host
	Container string
	Image     string
	Bases     []string   // images that a build may need
	Files     shell.Text // lists the site's files, see transfer.HostScript; empty: not asked
	Pair      Pair       // where a certificate that is obtained lies; empty: not asked
	Timer     shell.Text // looks for the timer that renews the certificate, see renewal.Look; empty: not asked
	Room      bool       // ask how much disk and memory is free, where the site lives and where the engine keeps its images
	BuildKit  bool       // ask whether docker build is BuildKit there
	Mark      string     // a word that nothing on a host prints by chance: it stands between the parts of the answer
}

// Pair is where on the host a certificate lies that the containers have mounted, and the folder of the answers to challenges.
type Pair struct{ Folder, Certificate, Key, Challenges string }

//go:embed *.sh
var files embed.FS

var (
	frameScript    = shell.Load(files, "frame.sh")
	systemScript   = shell.Load(files, "system.sh")
	jobsScript     = shell.Load(files, "jobs.sh")
	portsScript    = shell.Load(files, "ports.sh")
	commandScript  = shell.Load(files, "command.sh")
	buildkitScript = shell.Load(files, "buildkit.sh")
	diskScript     = shell.Load(files, "disk.sh")
	pairScript     = shell.Load(files, "certificate.sh")
)

// The sections of the answer.
const (
	sectionFiles  = "files"
	sectionSystem = "system"
	sectionUnsafe = "unsafe"
	sectionLock   = "lock"
	sectionJobs   = "jobs"
	sectionList   = "list"
	sectionObject = "object"
	sectionEngine = "engine"
	sectionBuilds = "buildkit"
	sectionEnd    = "end" // ends a section; its exit status and its errors follow
	sectionDone   = "done"
	sectionPair   = "pair"
	sectionTimer  = "timer"
)

// listFormat is one line a container. Tabs cannot occur in any of the fields.
const listFormat = `{{.ID}}\t{{.Names}}\t{{.Image}}\t{{.Status}}\t{{.Ports}}\t{{.Label "` + docker.LabelSite + `"}}\t{{.Label "` + docker.LabelDirectory + `"}}\t{{.Label "` + docker.LabelRelease + `"}}`

// part is a section and the script that prints it.
type part struct {
	name string
	text shell.Text
}

// Script is the text of the one command that gathers the facts, but for what Docker knows.
func (q Query) Script() shell.Text {
	beside, room := state.Dir(q.Directory), ""
	if q.Room {
		room = "room"
	}
	parts := []part{
		{sectionSystem, systemScript.With(q.Directory, beside, room)},
		{sectionUnsafe, state.CheckFolders(q.Directory)},
		{sectionLock, state.Show(q.Directory)},
		{sectionJobs, jobsScript.With(beside)},
	}
	if q.BuildKit {
		parts = append(parts, part{sectionBuilds, buildkitScript.With()})
	}
	if p := q.Pair; p.Folder != "" {
		parts = append(parts, part{sectionPair, pairScript.With(p.Folder, p.Certificate, p.Key, p.Challenges)})
	}
	if q.Timer != "" {
		parts = append(parts, part{sectionTimer, q.Timer})
	}
	if q.Files != "" {
		parts = append([]part{{sectionFiles, q.Files}}, parts...)
	}
	return q.frame(parts...)
}

// DockerScript asks docker commands for what [AskEngine] asks the engine, where that is not to be reached.
func (q Query) DockerScript() shell.Text {
	return q.frame(
		part{sectionList, commandScript.With("docker", "ps", "-a", "--no-trunc", "--format", listFormat)},
		part{sectionObject, commandScript.With(docker.Inspect(append([]string{q.Container, q.Image}, q.Bases...)...)...)},
		part{sectionEngine, commandScript.With(docker.DescribeEngine()...)},
	)
}

func (q Query) frame(parts ...part) shell.Text {
	args := []string{q.Mark}
	for _, p := range parts {
		args = append(args, p.name, string(p.text))
	}
	return frameScript.With(args...)
}

// PortsScript tells who listens on the host, for [ParsePorts], and the lowest port of a rootless engine.
func PortsScript(rootless bool) shell.Text {
	if rootless {
		return portsScript.With("rootless")
	}
	return portsScript.With("")
}
