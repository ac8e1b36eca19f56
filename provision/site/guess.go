package site

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Guess is what a source tells of a site that no inventory describes yet.
type Guess struct {
	Nginx            bool   // nginx answers
	Command          string // that the container needs, as the image has none; empty: the image's own
	Certificate, Key string // the pair that nginx is given, in the source
	// Ports are those to publish, the likeliest first: what the program listens on, by its configuration and its command, and what
	// EXPOSE says where it says something else.
	Ports [][]Exposed
}

// Exposed is a port that the container listens on.
type Exposed struct {
	Port     int
	Protocol string // tcp, udp or sctp
}

// startScript is what the tutorial's container runs.
const startScript = "start.sh"

// GuessAt looks at a source.
func GuessAt(root fs.FS) Guess {
	in := Read(root, Site{}, time.Time{})
	r := in.recipe
	if len(r.stages) == 0 {
		return Guess{Nginx: lineWith(in.Dockerfile.Content, "nginx")}
	}
	g := guesser{r, root, r.image()}
	guess := Guess{Command: g.command()}
	guess.Nginx = g.nginx(guess.Command)
	if guess.Nginx {
		guess.Certificate, guess.Key = g.pair()
	}
	guess.Ports = g.ports(guess.Nginx)
	return guess
}

type guesser struct {
	*recipe
	root  fs.FS
	image stageFiles
}

// command is the tutorial's start script where the image has no command of its own.
func (g guesser) command() string {
	line, cmd := g.startLine("cmd")
	_, entrypoint := g.startLine("entrypoint")
	base := g.baseOf(len(g.stages) - 1)
	if words := strings.Join(commandWords(line), " "); cmd && !entrypoint && words == "bash ./"+startScript {
		return words // the tutorial's, which its inventory names as well
	}
	if cmd || entrypoint || !g.context.has(startScript) || isStockNginx(base) && len(g.landings(startScript)) == 0 {
		return ""
	}
	if slices.Contains([]string{"alpine", "busybox"}, baseName(base.text)) || strings.Contains(base.text, "alpine") {
		return "sh ./" + startScript
	}
	return "bash ./" + startScript
}

// nginxCommand is a line that starts nginx: the program's own name, and not openresty's or the user's.
var nginxCommand = regexp.MustCompile(`(?m)(^|[\s/"'=;&|\[(,])nginx(["';&|\]),]|\s|$)`)

// nginx reports whether the container starts nginx: by its command, by a script or a supervisor's file of the source, or by the
// command of an image that is nginx'. One that merely has nginx in it, for another container or for a build, is no nginx site.
func (g guesser) nginx(command string) bool {
	commands := g.startCommands(nil)
	if command != "" {
		commands = append(commands, strings.Fields(command))
	}
	for _, words := range commands {
		if nginxCommand.MatchString(strings.Join(words, " ")) {
			return true
		}
	}
	files := g.starts(strings.Fields(command))
	for _, words := range commands {
		for _, text := range words {
			if at := g.image.at(absolute(word{text: text}, g.workdir()).text); at.state == stateFile && at.source != "" {
				files = append(files, start{source: at.source})
			}
		}
	}
	for _, pattern := range []string{"/etc/supervisord.conf", "/etc/supervisor/supervisord.conf", "/etc/supervisor/conf.d/*.conf", "/etc/supervisor.d/*", "/etc/supervisord.d/*"} {
		if found, _ := glob(g.image, pattern); runs(commands, "supervisord") {
			for _, at := range found {
				files = append(files, start{source: at.source})
			}
		}
	}
	for _, f := range files {
		if f.source != "" && nginxCommand.Match(withoutComments(readFile(g.root, f.source).Content)) {
			return true
		}
	}
	if len(commands) > 0 {
		return false
	}
	if len(g.configs()) > 0 {
		return true
	}
	base := g.baseOf(len(g.stages) - 1).text
	return strings.Contains(base, "nginx") && !strings.Contains(base, "openresty") && !strings.Contains(base, "php-fpm")
}

func runs(commands [][]string, program string) bool {
	return slices.ContainsFunc(commands, func(words []string) bool {
		return slices.ContainsFunc(words, func(text string) bool { return path.Base(text) == program })
	})
}

// withoutComments leaves out the lines that begin with #.
func withoutComments(content []byte) []byte {
	var kept []byte
	for line := range strings.Lines(string(content)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") {
			kept = append(kept, line...)
		}
	}
	return kept
}

// configs are the texts of nginx' configuration that the Dockerfile brings.
func (g guesser) configs() []string {
	var list []string
	for _, pattern := range []string{"/etc/nginx/*", "/etc/nginx/*/*", "/docker-entrypoint.d/*"} {
		found, _ := glob(g.image, pattern)
		for _, at := range found {
			switch {
			case at.state == stateFile && at.source != "":
				list = append(list, string(withoutComments(readFile(g.root, at.source).Content)))
			case at.state == stateFile:
				list = append(list, string(withoutComments([]byte(at.text))))
			}
		}
	}
	return list
}

var (
	pairLine   = regexp.MustCompile(`(?m)^\s*(ssl_certificate(?:_key)?)\s+["']?([^\s"';]+)["']?\s*;`)
	listenLine = regexp.MustCompile(`(?m)[{;\s]listen\s+(?:\S*:)?(\d+)\b([^;]*);`)
	// A port that a command names: --port 80, -p 80, -b :80, 0.0.0.0:80.
	portWord = regexp.MustCompile(`(?:--port[= ]|--http-port[= ]|-p[ =]|(?:0\.0\.0\.0|\[::\]|\*|[ =]):)(\d{2,5})\b`)
)

// pair is the certificate and the key in the source that lie where ssl_certificate and ssl_certificate_key look for them.
func (g guesser) pair() (certificate, key string) {
	for _, text := range g.configs() {
		for _, found := range pairLine.FindAllStringSubmatch(text, -1) {
			at := g.image.at(absolute(word{text: found[2]}, word{text: "/etc/nginx"}).text)
			switch {
			case at.state != stateFile || at.source == "":
			case found[1] == "ssl_certificate" && certificate == "":
				certificate = at.source
			case found[1] == "ssl_certificate_key" && key == "":
				key = at.source
			}
		}
	}
	if certificate == "" || key == "" {
		return "", ""
	}
	return certificate, key
}

// ports are the sets of ports that may be published.
func (g guesser) ports(nginx bool) [][]Exposed {
	var sets [][]Exposed
	add := func(set []Exposed) {
		if len(set) > 0 && !slices.ContainsFunc(sets, func(other []Exposed) bool { return slices.Equal(other, set) }) {
			sets = append(sets, set)
		}
	}
	if nginx {
		add(g.listens())
	} else {
		add(g.commandPorts())
	}
	add(webPorts(g.exposed()))
	return sets
}

// listens are the ports of nginx' listen lines. Where it says no more, the configuration of the image is not the source's.
func (g guesser) listens() []Exposed {
	var list []Exposed
	for _, text := range g.configs() {
		for _, found := range listenLine.FindAllStringSubmatch("\n"+text, -1) {
			list = appendPort(list, found[1], "tcp")
			if strings.Contains(found[2], "quic") {
				list = appendPort(list, found[1], "udp")
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Exposed) int { return a.Port - b.Port })
	return list
}

// commandPorts are those that the command names.
func (g guesser) commandPorts() []Exposed {
	var list []Exposed
	for _, words := range g.startCommands(nil) {
		for _, found := range portWord.FindAllStringSubmatch(strings.Join(words, " "), -1) {
			list = appendPort(list, found[1], "tcp")
		}
	}
	return list
}

func appendPort(list []Exposed, number, protocol string) []Exposed {
	port, err := strconv.Atoi(number)
	e := Exposed{port, protocol}
	if err != nil || port < 1 || port > 65535 || slices.Contains(list, e) {
		return list
	}
	return append(list, e)
}

// webPorts are those of EXPOSE at which visitors are most likely served: 80 and 443, or the first one. The others are for
// debuggers, databases and metrics as often as not.
func webPorts(exposed []Exposed) []Exposed {
	usual := slices.DeleteFunc(slices.Clone(exposed), func(e Exposed) bool { return e.Port != 80 && e.Port != 443 })
	if len(usual) > 0 {
		slices.SortFunc(usual, func(a, b Exposed) int { return a.Port - b.Port }) // the parser sorts 443 before 80
		return usual
	}
	return exposed[:min(1, len(exposed))]
}

// exposed lists the ports of EXPOSE. A range is left out: it rarely means that a page is at each of its ports.
func (r *recipe) exposed() []Exposed {
	var list []Exposed
	for _, line := range r.finalLines() {
		for _, arg := range line.ports {
			number, protocol, given := strings.Cut(strings.ToLower(arg.text), "/")
			if !given {
				protocol = "tcp"
			}
			if !arg.open && slices.Contains([]string{"tcp", "udp", "sctp"}, protocol) {
				list = appendPort(list, number, protocol)
			}
		}
	}
	return list
}
