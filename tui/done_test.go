package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/feed"
	"github.com/kehuo/provision/tui/story"
)

// live is a stage with the last page of a run whose site answered so.
func live(t *testing.T, measured ...provision.SiteCheck) *stage {
	t.Helper()
	s := plainStage(t)
	s.play(record(story.Options{}), stepIs("09-run"))
	for _, m := range measured {
		s.send(feed.Batch{Events: []provision.Event{{Time: s.now, Host: "aliyun", Step: "11-site", Body: m}}})
	}
	s.send(Deployed{Finished: provision.RunFinished{Hosts: map[string]provision.HostResult{"aliyun": {}}}})
	return s
}

func (s *stage) lacks(texts ...string) {
	s.t.Helper()
	view := s.view()
	for _, text := range texts {
		if strings.Contains(view, text) {
			s.t.Errorf("%q is on the screen:\n%s", text, view)
		}
	}
}

func TestTheWayToASiteOverPlainHTTP(t *testing.T) {
	m := provision.SiteCheck{Vantage: provision.VantageHTTP, URL: "http://example.com/", Status: 200, Server: "nginx/1.14.1", Duration: time.Millisecond}
	s := live(t, m)
	s.shows("your browser    http://example.com/", "port 80         200", "Server: nginx/1.14.1", "gunicorn")
	s.lacks("asks again", "port 443")
}

func TestTheWayToASiteOfAnotherServer(t *testing.T) {
	m := provision.SiteCheck{Vantage: provision.VantageHTTPS, URL: "https://example.com/", Status: 200, Server: "Caddy"}
	s := live(t, m)
	s.shows("Caddy           Server: Caddy")
	s.lacks("nginx", "gunicorn", "flask", "5000")
}

func TestTheWayStopsWhereNothingIsKnown(t *testing.T) {
	c := testConfig(nil)
	c.Behind = nil
	s := plainStage(t)
	s.model.config = c
	s.finish(record(story.Options{Satisfied: true}))
	s.shows("Server: nginx/1.14.1", "The answer takes the same way back.")
	s.lacks("gunicorn", "5000")
}
