package release

import (
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/inventory"
)

func testSite() Site {
	return Site{Host: "aliyun", Name: "myweb", Directory: "/d/myweb", Container: "web", Image: "registry:5000/myweb:server",
		Ports: []inventory.Port{{Host: 80, Container: 80, Protocol: "tcp"}}}
}

func TestWhoseAContainerIs(t *testing.T) {
	s := testSite()
	const id = "0123456789abcdef"
	for _, c := range []struct {
		name             string
		c                facts.Listed
		release, renamed bool
	}{
		{"a release", facts.Listed{Name: "web-aaaaaaaaaaaa", Site: "myweb", Directory: "/d/myweb", Release: "aaaaaaaaaaaa"}, true, false},
		{"one of an earlier version", facts.Listed{Name: "web-aaaaaaaaaaaa", Site: "myweb", Release: "aaaaaaaaaaaa"}, true, false},
		{"the candidate", facts.Listed{Name: "web-candidate", Site: "myweb", Release: "aaaaaaaaaaaa"}, true, false},
		{"one run by hand", facts.Listed{ID: id, Name: "web-0123456789ab"}, true, false},
		{"one whose name is not its id's", facts.Listed{ID: "f" + id, Name: "web-0123456789ab"}, false, false},
		{"another folder's", facts.Listed{Name: "web-aaaaaaaaaaaa", Site: "myweb", Directory: "/other", Release: "aaaaaaaaaaaa"}, false, false},
		{"another site's", facts.Listed{Name: "web-aaaaaaaaaaaa", Site: "other", Release: "aaaaaaaaaaaa"}, false, false},
		{"one from an image of a release", facts.Listed{Name: "web-backup", Site: "myweb", Release: "aaaaaaaaaaaa"}, false, false},
		{"the live one", facts.Listed{Name: "web", Site: "myweb", Release: "aaaaaaaaaaaa", Status: "Up", Ports: port80}, false, false},
		{"one renamed, with the ports", facts.Listed{Name: "mine", Site: "myweb", Release: "aaaaaaaaaaaa", Status: "Up", Ports: port80}, false, true},
		{"one renamed, without them", facts.Listed{Name: "mine", Site: "myweb", Release: "aaaaaaaaaaaa", Status: "Up"}, false, false},
	} {
		if s.IsRelease(c.c) != c.release || s.IsRenamedRelease(c.c) != c.renamed {
			t.Errorf("%s: a release %v, a renamed one %v", c.name, s.IsRelease(c.c), s.IsRenamedRelease(c.c))
		}
	}
	byHand := container("hand", "web", func(c *docker.Container) { c.Config.Labels, c.Config.Image = nil, "registry:5000/myweb" })
	strange := container("x", "web", func(c *docker.Container) { c.Config.Labels, c.Config.Image = nil, "registry:5000/blog:server" })
	other := container("x", "web", func(c *docker.Container) { c.Config.Labels[docker.LabelDirectory] = "/other" })
	if !s.Owns(container("old", "web")) || !s.Owns(byHand) || s.Owns(strange) || s.Owns(other) {
		t.Error("the wrong containers may be replaced")
	}
	if got := s.ImageOf("0123456789abcdef"); got != "registry:5000/myweb:0123456789ab" {
		t.Errorf("an image is kept as %s", got)
	}
	if s.retiredName(container("old", "web"), "nnnnnnnnnnnn") != "web-oooooooooooo" || s.retiredName(container(id, "web"), strings.Repeat("0", 12)) != "web-0123456789ab" ||
		s.retiredName(strange, "nnnnnnnnnnnn") != "web-x" {
		t.Error("containers are retired under wrong names")
	}
}

func TestWhatAnInterruptedRunLeft(t *testing.T) {
	s := testSite()
	list := []facts.Listed{
		listed("old", "web", ""), listed("new", "web-candidate", port80), listed("a", "web-aaaaaaaaaaaa", ""), listed("b", "web-bbbbbbbbbbbb", ""),
		{Name: "web-cccccccccccc", Site: "myweb", Release: "cccccccccccc", Status: "Exited (0)"}, {Name: "blog", Status: "Up"},
	}
	if at := s.Holder(list); at == nil || at.ID != "new" {
		t.Errorf("%+v holds the ports", at)
	}
	if got := s.LeftOver(list, []string{"web-bbbbbbbbbbbb"}); !slices.Equal(got, []string{"web-candidate", "web-aaaaaaaaaaaa"}) {
		t.Errorf("left are %q", got)
	}
	if len(s.Own(list)) != 4 || len(s.Retired(list)) != 3 {
		t.Errorf("own are %v, retired %v", s.Own(list), s.Retired(list))
	}
	list[0].Ports = port80
	if at := s.Holder(list); at != nil {
		t.Errorf("%+v holds the ports beside the live one", at)
	}
}

// TestServes: over a taken port, docker leaves a container on the bridge without its ports.
func TestServes(t *testing.T) {
	s := testSite()
	without := facts.Docker{Container: container("old", "web"), Containers: []facts.Listed{listed("old", "web", "")}}
	inside := facts.Docker{Container: container("old", "web", candidateAt("172.20.0.2"))}
	onHost := without
	onHost.Container = container("old", "web", func(c *docker.Container) { c.HostConfig.NetworkMode, c.HostConfig.PortBindings = "host", nil })
	for name, c := range map[string]struct {
		known facts.Docker
		want  int
	}{
		"with its ports": {oldLive(), provision.ExitKeptOld}, "on the host's network": {onHost, provision.ExitKeptOld},
		"without its ports": {without, provision.ExitFailed}, "on the candidates' network": {inside, provision.ExitFailed}, "nothing": {facts.Docker{}, provision.ExitFailed},
	} {
		if got := s.FailedExit(c.known); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestPortHolder(t *testing.T) {
	s := testSite()
	listens := func(process string) *facts.Facts {
		return &facts.Facts{Ports: facts.Ports{Listeners: []facts.Listener{{Port: 80, Process: process}}}}
	}
	holds := func(c facts.Listed) *facts.Facts {
		return &facts.Facts{Docker: facts.Docker{Containers: []facts.Listed{c}}}
	}
	for name, c := range map[string]struct {
		known *facts.Facts
		want  string
	}{
		"nobody":                    {&facts.Facts{}, ""},
		"the site":                  {holds(listed("old", "web", port80)), ""},
		"a container":               {holds(facts.Listed{Name: "blog", Image: "blog:1", Status: "Up", Ports: port80}), "release.holder-container: blog, blog:1"},
		"a process":                 {listens("nginx"), "release.holder-process: nginx"},
		"a process of another user": {listens(""), "release.holder-stranger: 80"},
	} {
		got := ""
		if holder := s.PortHolder(c.known, s.Ports[0]); holder != nil {
			got = holder.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
