// Package facts gathers everything that planning needs to know of a host in one round trip: it gives one script to run there
// and reads what the script prints.
package facts

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/state"
)

// Query says what to ask a host.
type Query struct {
	Directory string // the site's folder on the host
	Container string
	Image     string
	Files     shell.Text // script that lists the site's files, see transfer.HostScript; empty: not asked
	Room      bool       // ask how much disk and memory is free
	Mark      string     // a word that nothing on a host prints by chance: it stands between the parts of the answer
	Quote     func(...string) string
}

// The sections of the answer.
const (
	sectionSystem = "system"
	sectionLock   = "lock"
	sectionJobs   = "jobs"
	sectionList   = "list"
	sectionObject = "object"
	sectionFiles  = "files"
	sectionEnd    = "end" // ends a section; its exit status and its errors follow
	sectionDone   = "done"
)

// listFormat is one line a container. Tabs cannot occur in any of the fields.
const listFormat = `{{.ID}}\t{{.Names}}\t{{.Image}}\t{{.Status}}\t{{.Ports}}\t{{.Label "` + docker.LabelSite + `"}}\t{{.Label "` + docker.LabelDirectory + `"}}\t{{.Label "` + docker.LabelRelease + `"}}`

// systemScript prints one value a line; Facts.system reads them in this order. A fork costs a busy host a millisecond or two,
// so that it makes do with two.
const systemScript = `
id; date +%s; printf '%s\n' "$HOME"
p=$dir; until [ -d "$p" ]; do p=${p%/*}; [ -n "$p" ] || p=/; done
printf '%s\n' "$p"
may() { if [ -w "$1" ]; then echo writable; elif [ -O "$1" ]; then echo frozen; else echo closed; fi; }
may "$p"
q=$beside; until [ -d "$q" ]; do q=${q%/*}; [ -n "$q" ] || q=/; done
may "$q"
[ -e /var/run/docker.sock ] && { [ -w /var/run/docker.sock ] && echo open || echo closed; } || echo none
engine=default; [ -z "$DOCKER_HOST$DOCKER_CONTEXT" ] || engine=other
if [ -r "${DOCKER_CONFIG:-$HOME/.docker}/config.json" ]; then
while IFS= read -r line || [ -n "$line" ]; do case $line in *'"currentContext"'*) engine=other;; esac; done <"${DOCKER_CONFIG:-$HOME/.docker}/config.json"
fi
echo $engine
`

// roomScript prints the free room on the disk that the site lives on, and in memory, in KiB.
const roomScript = `
set -- $(df -Pk "$p" | tail -n 1); echo "$4"
memory=0; while read -r name value unit; do case $name in MemAvailable:) memory=$value;; esac; done </proc/meminfo; echo "$memory"
`

// PortsScript tells who listens on the host, for [Facts.ParsePorts].
const PortsScript = `ss -ltnpH 2>/dev/null || netstat -ltn 2>/dev/null || :`

// jobsScript lists the jobs that run or have ended, and the containers that are being stopped.
const jobsScript = `
cd %s 2>/dev/null && for j in jobs/* stopping/*; do [ ! -e "$j" ] || echo "$j"; done
:`

// frame prints a section: what it has to say, then its exit status and its errors.
const frame = `
section() {
echo "$mark $1"
{ e=$("$2" 2>&1 >&3 3>&- </dev/null); code=$?; } 3>&1
printf '\n%s end %s\n%s\n' "$mark" "$code" "$e"
}
`

// part is a section and the script that prints it.
type part struct{ name, script string }

// Script is the text of the one command that gathers the facts, but for what Docker knows.
func (q Query) Script() string {
	stateDir := state.Dir(q.Directory)
	system := "beside=" + q.Quote(stateDir) + systemScript
	if q.Room {
		system += roomScript
	}
	return q.assemble(
		part{sectionFiles, string(q.Files)},
		part{sectionSystem, system},
		part{sectionLock, state.ShowLockScript(stateDir, q.Quote)},
		part{sectionJobs, fmt.Sprintf(jobsScript, q.Quote(stateDir))},
	)
}

// DockerScript asks docker commands for what [AskEngine] asks the engine, where that is not to be reached.
func (q Query) DockerScript() string {
	return q.assemble(
		part{sectionList, q.Quote("docker", "ps", "-a", "--no-trunc", "--format", listFormat)},
		part{sectionObject, q.Quote(docker.Inspect(q.Container, q.Image)...)},
	)
}

// assemble has the first section, which takes the longest, run beside the others, which wait for it in a pipe.
func (q Query) assemble(parts ...part) string {
	parts = slices.DeleteFunc(parts, func(p part) bool { return p.script == "" })
	var b strings.Builder
	fmt.Fprintf(&b, "dir=%s mark=%s\n%s", q.Quote(q.Directory), q.Quote(q.Mark), frame)
	for _, p := range parts {
		fmt.Fprintf(&b, "f_%s() {\n%s\n}\n", p.name, strings.TrimSpace(p.script))
	}
	call := func(p part) string { return fmt.Sprintf("section %[1]s f_%[1]s\n", p.name) }
	b.WriteString("{\n")
	for _, p := range parts[1:] {
		b.WriteString(call(p))
	}
	fmt.Fprintf(&b, "echo \"$mark %s\"\n} | {\n%scat\n}\n", sectionDone, call(parts[0]))
	return b.String()
}
