package steps

import (
	"fmt"
	"strings"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/shell"
)

// bootScript starts the candidate and prints what it became. Only where that fails it makes the candidates' network, where that
// is missing, removes our own leftover of the same name, and tries again: each of these is a docker command that is mostly
// not needed.
type bootScript struct {
	candidate, network, site string
	run                      []string
}

func (b bootScript) String() string {
	return fmt.Sprintf(`run() { %s >/dev/null; }
discard() {
%s
}
if ! run 2>/dev/null; then
%sdiscard || exit
# A run that fails leaves a container behind that holds the name.
run || { code=$?; discard; exit $code; }
fi
%s
`, shell.Quote(b.run...), removeOurs(b.candidate, b.site), ensureNetwork(b.network, b.site), shell.Quote(docker.Inspect(b.candidate)...))
}

// removeOurs removes the container of a name if it is a release of the site's. A stranger's may have that name too.
func removeOurs(container, site string) string {
	return fmt.Sprintf("left=$(docker ps -aq --filter %s --filter %s --filter label="+docker.LabelRelease+")\n[ -z \"$left\" ] || docker rm -f -v $left >/dev/null",
		shell.Quote("name=^/"+container+"$"), shell.Quote("label="+docker.LabelSite+"="+site))
}

func ensureNetwork(network, site string) string {
	if network == "" {
		return ""
	}
	// One of that name which leads out of the host would give the candidate the ports: docker says that the name is taken.
	return fmt.Sprintf("[ \"$(docker network inspect --format '{{.Internal}}' %s 2>/dev/null)\" = true ] || %s >/dev/null || exit\n",
		shell.Quote(network), shell.Quote(docker.CreateNetwork(network, site)...))
}

// rebootScript starts a retired container on the candidates' network and on no other: it has left the ones that reach the
// host's ports when it was retired, or leaves them now, while it is down.
//
// A rollback soon after a release finds it still running, while the stop that the release left behind is waiting for it to end.
// That stop must have ended before the container is started, or it would end what is live by then.
type rebootScript struct{ candidate, network, site, stateDir string }

func (b rebootScript) String() string {
	network, candidate := shell.Quote(b.network), shell.Quote(b.candidate)
	return ensureNetwork(b.network, b.site) + fmt.Sprintf(`on=$(docker inspect --format '{{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{end}}' %[2]s) || exit
case " $on" in *' '%[1]s' '*) ;; *) docker network connect %[1]s %[2]s || exit ;; esac
for n in $on; do [ "$n" = %[1]s ] || docker network disconnect -f "$n" %[2]s || exit; done
docker stop -t 1 %[2]s >/dev/null || exit
%[3]sdocker start %[2]s >/dev/null || exit
docker inspect %[2]s
`, network, candidate, awaitStop(b.stateDir, b.candidate))
}

// awaitStop waits until the stop of a retired container that tidyScript has begun says that it has ended, which it does as
// soon as the container does. A mark that it left when the host itself went away is not waited for long.
func awaitStop(stateDir, container string) string {
	return fmt.Sprintf("mark=%s n=0\nwhile [ -f \"$mark\" ] && [ ! -s \"$mark\" ] && [ $n -lt 50 ]; do n=$((n + 1)); sleep 0.1 2>/dev/null || sleep 1; done\n",
		shell.Quote(stateDir+"/stopping/"+container))
}

// undoneExit is the exit status of a cutover that has undone itself: the ports are where they were.
const undoneExit = 71

// cutoverTools are shell functions. d runs a docker command and, while the engine is being restarted, tries again for a
// minute; leave and join take a container off a network and put it there, wherever it is now. now is in milliseconds; BusyBox knows no %N.
const cutoverTools = `
d() {
  n=0
  until message=$(docker "$@" 2>&1); do
    case $message in *'Cannot connect to the Docker daemon'*|*'error during connect'*|*'unexpected EOF'*|*'EOF'|*'connection reset'*|*'closed network connection'*|*'context canceled'*) ;; *) return 1;; esac
    n=$((n + 1)); [ $n -lt 120 ] || return 1
    sleep 0.5 2>/dev/null || sleep 1
  done
}
say() { printf '%s\n' "$message" >&2; }
leave() { d network disconnect -f "$1" "$2" && return; case $message in *'is not connected'*|*'not found'*) ;; *) say; return 1;; esac; }
join() { d network connect "$@" && return; case $message in *'already exists in network'*|*'already attached to network'*) ;; *) say; return 1;; esac; }
holds() { d port "$1" && [ -n "$message" ]; }
named() { d rename "$1" "$2" && return; case $message in *'same name as its current'*) ;; *) say; return 1;; esac; }
now() { t=$(date +%s%N); case $t in *[!0-9]* | ??????????) echo "$(date +%s)000";; *) echo "${t%??????}";; esac; }
`

// free is the text that takes a container's ports away, and restore the text that gives them back. A container that shares
// the host's network has to stop; that it was stopped must not keep it down should the host go away meanwhile.
func (p *previous) free(text *strings.Builder) {
	if !p.serves() {
		return
	}
	for _, n := range p.networks {
		fmt.Fprintf(text, "leave %s %s\n", shell.Quote(n.Network), p.id)
	}
	if p.onHost {
		fmt.Fprintf(text, "d update --restart always %[1]s\nd stop -t 3 %[1]s\n", p.id)
	}
}

// restore gives the ports back.
func (p *previous) restore(text *strings.Builder) {
	if !p.serves() {
		return
	}
	for _, n := range p.networks {
		fmt.Fprintf(text, "join %s %s\n", shell.Quote(append(n.ConnectOptions(), n.Network)...), p.id)
	}
	fmt.Fprintf(text, "d start %s || say\n", p.id)
	if p.onHost {
		fmt.Fprintf(text, "d update --restart %s %s\n", shell.Quote(p.restart), p.id)
	}
}

// warmCutover moves the host's ports from one running container to another by moving their places on the bridge, and back
// if the second half fails. The candidate comes up after a reboot from before the first step on. Both leave the internal
// network before: when a container that is on it leaves the bridge, its ports move there instead of becoming free, and the
// way back must be no longer than the way there.
type warmCutover struct {
	candidate, restart string
	ports              bool // it publishes any
	previous           *previous
	internal           string // where the candidate booted
}

func (c warmCutover) String() string {
	var text strings.Builder
	text.WriteString(cutoverTools)
	fmt.Fprintf(&text, "d update --restart %s %s || { say; exit %d; }\n", shell.Quote(c.restart), c.candidate, undoneExit)
	if c.previous != nil && c.previous.inside {
		fmt.Fprintf(&text, "leave %s %s\n", shell.Quote(c.internal), c.previous.id)
	}
	fmt.Fprintf(&text, "leave %s %s\n", shell.Quote(c.internal), c.candidate)
	text.WriteString("try=0; begun=$(now)\nwhile :; do\n")
	c.previous.free(&text)
	check := ""
	if c.ports {
		check = " && holds " + c.candidate
	}
	fmt.Fprintf(&text, `join bridge %[1]s && echo "out-of-reach $(($(now) - begun))"%[2]s && break
leave bridge %[1]s
try=$((try + 1)); [ $try -ge 2 ] || continue
d update --restart no %[1]s
`, c.candidate, check)
	c.previous.restore(&text)
	fmt.Fprintf(&text, "exit %d\ndone\n", undoneExit)
	return text.String()
}

// coldCutover replaces a container whose application cannot boot without its ports or a way out: the new container is
// created beside the old one, the old one lets go, the new one starts, and the old one comes back if it does not.
type coldCutover struct {
	candidate string
	site      string
	stateDir  string
	create    []string // creates the candidate with its ports; nil: it is there, without a network, and down
	restart   string
	previous  *previous
	internal  string
}

func (c coldCutover) String() string {
	var text strings.Builder
	candidate := shell.Quote(c.candidate)
	text.WriteString(cutoverTools)
	if c.create != nil {
		fmt.Fprintf(&text, "%s\n%s >/dev/null || exit %d\n", removeOurs(c.candidate, c.site), shell.Quote(c.create...), undoneExit)
	} else {
		fmt.Fprintf(&text, "d stop -t 1 %[1]s\n%[5]sleave %[2]s %[1]s\n[ \"$(docker inspect --format '{{len .NetworkSettings.Networks}}' %[1]s)\" != 0 ] || join bridge %[1]s || exit %[3]d\nd update --restart %[4]s %[1]s\n",
			candidate, shell.Quote(c.internal), undoneExit, shell.Quote(c.restart), awaitStop(c.stateDir, c.candidate))
	}
	text.WriteString("begun=$(now)\n")
	c.previous.free(&text)
	fmt.Fprintf(&text, "if ! d start %s; then\nsay\n", candidate)
	if c.create != nil {
		fmt.Fprintf(&text, "%s\n", removeOurs(c.candidate, c.site))
	} else {
		fmt.Fprintf(&text, "d update --restart no %[1]s\nd stop -t 1 %[1]s\nleave bridge %[1]s\n", candidate)
	}
	c.previous.restore(&text)
	fmt.Fprintf(&text, "exit %d\nfi\necho \"out-of-reach $(($(now) - begun))\"\n", undoneExit)
	return text.String()
}

// namesScript ends a cutover: the previous container is retired, so that a reboot brings up what is live alone, and the
// candidate gets the live name. It prints what that container is.
type namesScript struct {
	live, candidate, site string
	previous              *previous
	internal              string // the network that the candidate has still to leave; empty for none
}

func (n namesScript) String() string {
	var text strings.Builder
	text.WriteString(cutoverTools)
	if n.previous != nil {
		// A container that was retired from the same release before has had its day.
		fmt.Fprintf(&text, `d update --restart no %[1]s
if ! d rename %[1]s %[2]s; then
  for other in $(docker ps -aq --no-trunc --filter %[3]s --filter %[4]s --filter label=`+docker.LabelRelease+`); do
    [ "$other" = %[1]s ] || docker rm -f -v "$other" >/dev/null
  done
  # A stranger has that name: then it is retired under its own id.
  d rename %[1]s %[2]s || named %[1]s %[5]s || exit 1
fi
`, n.previous.id, shell.Quote(n.previous.retired), shell.Quote("name=^/"+n.previous.retired+"$"), shell.Quote("label="+docker.LabelSite+"="+n.site),
			shell.Quote(n.live+"-"+short(n.previous.id)))
	}
	fmt.Fprintf(&text, "named %s %s || exit 1\n", shell.Quote(n.candidate), shell.Quote(n.live))
	if n.internal != "" {
		fmt.Fprintf(&text, "leave %s %s\n", shell.Quote(n.internal), shell.Quote(n.live))
	}
	fmt.Fprintf(&text, "%s\n", shell.Quote(docker.Inspect(n.live)...))
	return text.String()
}

// swapBack gives the ports back to the previous container after the new one has failed in public, and then the names.
type swapBack struct {
	live, failed, candidate string
	warm                    bool // the failed one holds its ports on the bridge and is on no other network
	previous                *previous
	internal                string
}

func (c swapBack) String() string {
	var text strings.Builder
	failed := shell.Quote(c.failed)
	text.WriteString(cutoverTools + "begun=$(now)\n")
	if c.warm {
		fmt.Fprintf(&text, "leave bridge %[1]s; failed=%[1]s\n", failed)
	} else {
		// A container that shares the host's network gives up its ports only when it stops.
		fmt.Fprintf(&text, `failed=$(docker inspect --format '{{.Id}}' %[1]s) || exit 1
leave %[2]s "$failed"
for n in $(docker inspect --format '{{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{end}}' "$failed"); do
  case $n in host) d update --restart no "$failed"; d kill "$failed" ;; *) leave "$n" "$failed" ;; esac
done
leave %[2]s %[3]s
`, failed, shell.Quote(c.internal), c.previous.id)
	}
	c.previous.restore(&text)
	fmt.Fprintf(&text, `echo "out-of-reach $(($(now) - begun))"
d update --restart no "$failed"
d update --restart %[1]s %[2]s
named "$failed" %[3]s || exit 1
named %[2]s %[4]s || exit 1
`, shell.Quote(c.previous.restart), c.previous.id, shell.Quote(c.candidate), shell.Quote(c.live))
	return text.String()
}
