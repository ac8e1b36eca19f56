package site

import (
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Guess is what a source tells of a site that no inventory describes yet.
type Guess struct {
	Nginx   bool // nginx answers
	Exposed []Exposed
}

// Exposed is a port that the Dockerfile says the container listens on.
type Exposed struct {
	Port     int
	Protocol string // tcp, udp or sctp
}

// GuessAt looks at a source. nginx answers where a line of the Dockerfile that is no comment names it, the base image's name
// included, or one of a file that a COPY names or of a shell script that the container starts with. What lies in a folder
// that is copied as a whole does not tell: a README that mentions nginx is no server.
func GuessAt(root fs.FS) Guess {
	in := Read(root, Site{}, time.Time{})
	r := in.recipe
	files := append(slices.Clone(in.Scripts), in.Dockerfile)
	for _, c := range contextCopies(r.finalLines()) {
		for _, source := range c.sources {
			for _, name := range expandSource(root, source.text) {
				files = append(files, readFile(root, name))
			}
		}
	}
	return Guess{
		Nginx:   slices.ContainsFunc(files, func(f File) bool { return lineWith(f.Content, "nginx") }),
		Exposed: r.exposed(),
	}
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
			port, err := strconv.Atoi(number)
			e := Exposed{port, protocol}
			if err == nil && port > 0 && port <= 65535 && slices.Contains([]string{"tcp", "udp", "sctp"}, protocol) && !slices.Contains(list, e) {
				list = append(list, e)
			}
		}
	}
	return list
}
