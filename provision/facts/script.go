// Package facts gathers everything that planning needs to know of a host in one round trip: it gives one script to run there
// and reads what the script prints.
package facts

import (
	"fmt"
	"strings"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/state"
)

// Query says what to ask a host.
type Query struct {
	Directory string // the site's folder on the host
	Site      string
	Container string
	Image     string
	Files     string // script that lists the site's files, see transfer.HostScript; empty: not asked
	Room      bool   // ask how much disk and memory is free
	Quote     func(...string) string
}

// The sections of the answer.
const (
	sectionSystem = "system"
	sectionPorts  = "ports"
	sectionLock   = "lock"
	sectionJobs   = "jobs"
	sectionList   = "list"
	sectionObject = "object"
	sectionFiles  = "files"
)

// listFormat is one line a container. Tabs cannot occur in any of the fields.
const listFormat = `{{.ID}}\t{{.Names}}\t{{.Image}}\t{{.Status}}\t{{.Ports}}\t{{.Label "` + docker.LabelSite + `"}}\t{{.Label "` + docker.LabelRelease + `"}}`

// systemScript prints one value a line; Facts.system reads them in this order. A fork costs a busy host a millisecond or two,
// so that it makes do with two.
const systemScript = `
id; date +%s; printf '%s\n' "$HOME"
p=$dir; until [ -d "$p" ]; do p=${p%/*}; [ -n "$p" ] || p=/; done
printf '%s\n' "$p"
[ -w "$p" ] && echo writable || echo read-only
[ -e /var/run/docker.sock ] && { [ -w /var/run/docker.sock ] && echo open || echo closed; } || echo none
`

// roomScript prints the free room on the disk that the site lives on, and in memory, in KiB.
const roomScript = `
set -- $(df -Pk "$p" | tail -n 1); echo "$4"
memory=0; while read -r name value unit; do case $name in MemAvailable:) memory=$value;; esac; done </proc/meminfo; echo "$memory"
`

// listScript lists the containers. Who else listens on the host is only asked where the site's own container is not up: then
// its ports have to be free.
const listScript = `
list=$(docker ps -a --no-trunc --format %s) || exit
printf '%%s\n' "$list"
case $list in *'	'%s'	'*'	Up '*) ;; *) ss -ltnpH >"$t/ports.out" 2>/dev/null || netstat -ltn >"$t/ports.out" 2>/dev/null;; esac
:`

// jobsScript lists the jobs that run or have ended, and the containers that are being stopped.
const jobsScript = `
cd %s 2>/dev/null && for j in jobs/* stopping/*; do [ ! -e "$j" ] || echo "$j"; done
:`

// frame runs every section in the background, each into a file of its own, and then prints a header with the sizes and the
// files one after another. The last line of an .err file is the section's exit status, also where the section exits by
// itself. The files lie in memory where the host has /dev/shm; the row of X is the template that mktemp fills in.
const frame = `
t=$(umask 077; mktemp -d /dev/shm/provision.XXXXXX 2>/dev/null || mktemp -d "${TMPDIR:-/tmp}/provision.XXXXXX") || exit 1
trap 'rm -rf "$t"' EXIT
: >"$t/ports.out"; echo 0 >"$t/ports.err"
section() { n=$1; trap 'echo $? >>"$t/$n.err"' EXIT; "$2" >"$t/$n.out" 2>"$t/$n.err" </dev/null; }
`

// part is a section and the script that prints it.
type part struct{ name, script string }

// Script is the text of the one command that gathers the facts.
func (q Query) Script() string {
	stateDir := state.Dir(q.Directory)
	system := systemScript
	if q.Room {
		system += roomScript
	}
	return q.assemble(append(q.docker(),
		part{sectionFiles, q.Files},
		part{sectionSystem, system},
		part{sectionLock, state.ShowLockScript(stateDir, q.Quote)},
		part{sectionJobs, fmt.Sprintf(jobsScript, q.Quote(stateDir))},
	))
}

// DockerScript asks for what Docker knows alone, for a second attempt as root.
func (q Query) DockerScript() string { return q.assemble(q.docker()) }

func (q Query) docker() []part {
	return []part{
		{sectionList, fmt.Sprintf(listScript, q.Quote(listFormat), q.Quote(q.Container))},
		{sectionObject, q.Quote(docker.Inspect(q.Container, q.Image)...)},
	}
}

func (q Query) assemble(parts []part) string {
	var b strings.Builder
	fmt.Fprintf(&b, "dir=%s\n%s", q.Quote(q.Directory), frame)
	names := []string{sectionPorts}
	for _, p := range parts {
		if p.script == "" {
			continue
		}
		fmt.Fprintf(&b, "f_%s() {\n%s\n}\nsection %s f_%s &\n", p.name, strings.TrimSpace(p.script), p.name, p.name)
		names = append(names, p.name)
	}
	fmt.Fprintf(&b, "wait\ncd \"$t\" || exit 1\nset --\nfor n in %s; do set -- \"$@\" $n.out $n.err; done\nwc -c \"$@\"\ncat \"$@\"\n", strings.Join(names, " "))
	return b.String()
}
