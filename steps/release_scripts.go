package steps

import (
	"fmt"
	"strings"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/remote"
)

// bootScript makes the candidate's network where it is missing, removes our own leftover of the same name, starts the
// candidate and prints what it became.
type bootScript struct {
	candidate, network, site string
	run                      []string
}

func (b bootScript) String() string {
	var text strings.Builder
	if b.network != "" {
		fmt.Fprintf(&text, "docker network inspect %s >/dev/null 2>&1 || %s >/dev/null || exit\n",
			remote.Quote(b.network), remote.Quote(docker.CreateNetwork(b.network, b.site)...))
	}
	fmt.Fprintf(&text, "left=$(docker ps -aq --filter %s --filter %s)\n[ -z \"$left\" ] || docker rm -f -v $left >/dev/null || exit\n",
		remote.Quote("name=^/"+b.candidate+"$"), remote.Quote("label="+docker.LabelSite+"="+b.site))
	// A run that fails leaves a container behind that holds the name.
	fmt.Fprintf(&text, "%s >/dev/null || { code=$?; %s >/dev/null 2>&1; exit $code; }\n%s\n",
		remote.Quote(b.run...), remote.Quote(docker.Remove(b.candidate)...), remote.Quote(docker.Inspect(b.candidate)...))
	return text.String()
}

// rebootScript starts a retired container on the candidates' network and on no other.
type rebootScript struct{ candidate, network, site string }

func (b rebootScript) String() string {
	network, candidate := remote.Quote(b.network), remote.Quote(b.candidate)
	return fmt.Sprintf(`docker network inspect %[1]s >/dev/null 2>&1 || %[3]s >/dev/null || exit
docker network connect %[1]s %[2]s 2>/dev/null
docker start %[2]s >/dev/null || exit
docker inspect %[2]s
`, network, candidate, remote.Quote(docker.CreateNetwork(b.network, b.site)...))
}

// patient is a shell function that runs a docker command and, while the engine is being restarted, tries again for a minute.
const patient = `
d() {
  n=0
  until message=$(docker "$@" 2>&1); do
    case $message in *'Cannot connect to the Docker daemon'*|*'error during connect'*|*'unexpected EOF'*) ;; *) printf '%s\n' "$message" >&2; return 1;; esac
    n=$((n + 1)); [ $n -lt 120 ] || { printf '%s\n' "$message" >&2; return 1; }
    sleep 0.5
  done
}
now() { t=$(date +%s%N); case $t in *N) echo "${t%N}000";; *) echo "${t%??????}";; esac; }
`

// warmCutover moves the host's ports from one running container to another by moving their places on the bridge, and back
// if the second half fails. Names and restart policies follow, so that a reboot brings up what is live. Both names stay
// valid throughout: what fails in between is mended by the next run. A container that is on the internal network as well must
// leave it: its ports would move there instead of becoming free.
type warmCutover struct {
	live, candidate, retired, restart string
	previousNetworks                  []string // the ones that reach the host's ports; none: there is no previous container
	internal                          string   // where the candidate booted
}

func (c warmCutover) String() string {
	var text strings.Builder
	q := func(s string) string { return remote.Quote(s) }
	text.WriteString(patient)
	fmt.Fprintf(&text, "d update --restart %s %s || exit 71\n", q(c.restart), q(c.candidate))
	if c.retired != "" {
		fmt.Fprintf(&text, "docker network disconnect -f %s %s 2>/dev/null\n", q(c.internal), q(c.live))
	}
	text.WriteString("begun=$(now)\n")
	for _, n := range c.previousNetworks {
		fmt.Fprintf(&text, "d network disconnect -f %s %s\n", q(n), q(c.live))
	}
	fmt.Fprintf(&text, "if ! d network connect bridge %[1]s; then\n  docker network disconnect -f bridge %[1]s 2>/dev/null\n  docker update --restart no %[1]s >/dev/null\n",
		q(c.candidate))
	for _, n := range c.previousNetworks {
		fmt.Fprintf(&text, "  d network connect %s %s\n", q(n), q(c.live))
	}
	fmt.Fprintf(&text, "  exit 71\nfi\necho \"out-of-reach $(($(now) - begun))\"\nd network disconnect -f %s %s\n", q(c.internal), q(c.candidate))
	text.WriteString(exchangeNames(c.live, c.candidate, c.retired))
	return text.String()
}

// exchangeNames gives the live name to the candidate, and the previous container the name that it retires under.
func exchangeNames(live, candidate, retired string) string {
	q := func(s string) string { return remote.Quote(s) }
	var text string
	if retired != "" {
		text = fmt.Sprintf("d update --restart no %[1]s\nd rename %[1]s %[2]s || exit 72\n", q(live), q(retired))
	}
	return text + fmt.Sprintf("d rename %s %s || exit 72\n", q(candidate), q(live))
}

// coldCutover replaces a container whose application cannot boot without its ports or a way out: the new container is
// created beside the old one, the old one lets go, the new one starts, and the old one comes back if it does not.
type coldCutover struct {
	live, candidate, retired string
	create                   []string // creates the candidate with its ports
	previousNetworks         []string
	stopPrevious             bool // it shares the host's network: only its end frees the ports
}

func (c coldCutover) String() string {
	var text strings.Builder
	q := func(s string) string { return remote.Quote(s) }
	text.WriteString(patient)
	fmt.Fprintf(&text, "docker rm -f -v %s >/dev/null 2>&1\n%s >/dev/null || exit 71\nbegun=$(now)\n", q(c.candidate), remote.Quote(c.create...))
	if c.stopPrevious {
		fmt.Fprintf(&text, "d stop -t 3 %s\n", q(c.live))
	}
	for _, n := range c.previousNetworks {
		fmt.Fprintf(&text, "d network disconnect -f %s %s\n", q(n), q(c.live))
	}
	fmt.Fprintf(&text, "if ! d start %s; then\n  docker rm -f -v %s >/dev/null 2>&1\n", q(c.candidate), q(c.candidate))
	for _, n := range c.previousNetworks {
		fmt.Fprintf(&text, "  d network connect %s %s\n", q(n), q(c.live))
	}
	if c.stopPrevious {
		fmt.Fprintf(&text, "  d start %s\n", q(c.live))
	}
	text.WriteString("  exit 71\nfi\necho \"out-of-reach $(($(now) - begun))\"\n")
	text.WriteString(exchangeNames(c.live, c.candidate, c.retired))
	return text.String()
}

// swapBack gives the ports back to the previous container after the new one has failed in public.
type swapBack struct {
	live, candidate, retired, restart string
	networks                          []string // of the live container, to leave
	previousNetworks                  []string // to join again
	startPrevious                     bool
}

func (c swapBack) String() string {
	var text strings.Builder
	q := func(s string) string { return remote.Quote(s) }
	text.WriteString(patient)
	text.WriteString("begun=$(now)\n")
	for _, n := range c.networks {
		fmt.Fprintf(&text, "d network disconnect -f %s %s\n", q(n), q(c.live))
	}
	for _, n := range c.previousNetworks {
		fmt.Fprintf(&text, "d network connect %s %s\n", q(n), q(c.retired))
	}
	if c.startPrevious {
		fmt.Fprintf(&text, "d start %s\n", q(c.retired))
	}
	text.WriteString("echo \"out-of-reach $(($(now) - begun))\"\n")
	fmt.Fprintf(&text, "d update --restart no %s\nd update --restart %s %s\nd rename %s %s && d rename %s %s\n",
		q(c.live), q(c.restart), q(c.retired), q(c.live), q(c.candidate), q(c.retired), q(c.live))
	return text.String()
}
