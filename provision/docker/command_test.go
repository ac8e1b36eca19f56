package docker_test

import (
	"testing"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/shell"
)

func TestACommandIsShownWithoutOurLabels(t *testing.T) {
	build := docker.Build(docker.BuildOptions{Site: "my web", Directory: "/srv/it's here", Tree: "abc", Name: "web:server", ReleaseName: "web:1"})
	if got, want := docker.Unlabelled("cd /srv && "+shell.Quote(build...)), "cd /srv && docker build --force-rm -t web:server -t web:1 ."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if other := "docker run --label com.example=1 --label owner='io.provision.site' web"; docker.Unlabelled(other) != other {
		t.Errorf("a label of others is gone: %s", docker.Unlabelled(other))
	}
}
