package site

import (
	"fmt"
	"strings"

	"github.com/kehuo/provision/provision/site/nginxconf"
)

// commentedServer is a server block of which every line is a comment.
type commentedServer struct {
	file     *nginxconf.File
	comments []nginxconf.Comment
	server   *server // as it would read
}

func (c *commentedServer) at() place {
	return place{StepNginxConfig, c.file.Path, c.comments[0].Line, lineOf(c.file.Text, c.comments[0].Line)}
}

// lines is "12-18", where the block stands.
func (c *commentedServer) lines() string {
	return fmt.Sprintf("%d-%d", c.comments[0].Line, c.comments[len(c.comments)-1].Line)
}

// restore takes the comments away.
func (c *commentedServer) restore(d *draft) {
	blank := strings.HasPrefix(c.comments[0].Text, " ")
	for _, comment := range c.comments {
		uncomment(d, comment, blank)
	}
}

// uncomment takes the number sign away, and the blank behind it if that was written with it.
func uncomment(d *draft, c nginxconf.Comment, blank bool) {
	end := c.Start + 1
	if blank && strings.HasPrefix(c.Text, " ") {
		end++
	}
	d.replace(c.Start, end, "")
}

// maxCommented bounds the lines of a run of comments that are searched for a server block.
const maxCommented = 200

// commentedServers finds server blocks that are commented out.
func (d demands) commentedServers() []*commentedServer {
	var found []*commentedServer
	for _, f := range d.view.files {
		for _, run := range commentRuns(f) {
			found = append(found, serversIn(f, run)...)
		}
	}
	return found
}

// commented is the first commented server that fits.
func (d demands) commented(fits func(*server) bool) *commentedServer {
	for _, c := range d.commentedServers() {
		if fits(c.server) {
			return c
		}
	}
	return nil
}

// commentRuns groups the comments that have a line of their own into runs of lines that follow each other.
func commentRuns(f *nginxconf.File) [][]nginxconf.Comment {
	var runs [][]nginxconf.Comment
	for _, comment := range f.Comments {
		if strings.TrimSpace(f.Text[lineStart(f.Text, comment.Start):comment.Start]) != "" {
			continue
		}
		if n := len(runs); n > 0 && runs[n-1][len(runs[n-1])-1].Line == comment.Line-1 && len(runs[n-1]) < maxCommented {
			runs[n-1] = append(runs[n-1], comment)
			continue
		}
		runs = append(runs, []nginxconf.Comment{comment})
	}
	return runs
}

// serversIn finds the parts of a run that read as one server block each.
func serversIn(f *nginxconf.File, run []nginxconf.Comment) []*commentedServer {
	var found []*commentedServer
	for i := 0; i < len(run); i++ {
		if !strings.HasPrefix(strings.TrimSpace(run[i].Text), "server") {
			continue
		}
		var text strings.Builder
		for j := i; j < len(run); j++ {
			text.WriteString(run[j].Text + "\n")
			file, err := nginxconf.Parse(f.Path, text.String())
			if err != nil {
				continue
			}
			if len(file.Directives) == 1 && file.Directives[0].Name == "server" && file.Directives[0].HasBody {
				s := newServer(file.Directives[0], nil, nil)
				found = append(found, &commentedServer{f, run[i : j+1], s})
				i = j
			}
			break
		}
	}
	return found
}

// commentedDirective is a comment within the server that reads as the directive; nil if there is none.
func (s *server) commentedDirective(name string) *nginxconf.Comment {
	for _, c := range s.d.File.Comments {
		if c.Start < s.d.Open || c.Start > s.d.End || !strings.HasPrefix(strings.TrimSpace(c.Text), name) {
			continue
		}
		file, err := nginxconf.Parse("", c.Text)
		if err == nil && len(file.Directives) == 1 && file.Directives[0].Name == name && !file.Directives[0].HasBody && len(file.Directives[0].Args) > 0 {
			return &c
		}
	}
	return nil
}

// commentedListen is a comment within the server that reads as a listen for TLS.
func (s *server) commentedListen() *nginxconf.Comment {
	for _, c := range s.d.File.Comments {
		if c.Start < s.d.Open || c.Start > s.d.End {
			continue
		}
		file, err := nginxconf.Parse("", c.Text)
		if err == nil && len(file.Directives) == 1 && file.Directives[0].Name == "listen" {
			if l := parseListen(file.Directives[0], false); l.tls {
				return &c
			}
		}
	}
	return nil
}
