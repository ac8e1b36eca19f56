package docker

import (
	"slices"
	"strings"
	"testing"
)

// TestOneOff: a one-off sees what the live container sees, and is known under none of its names.
func TestOneOff(t *testing.T) {
	s := Spec{
		Ports: []string{"80:80"}, Command: []string{"bash", "./start.sh"}, Environment: map[string]string{"A": "1"}, EnvironmentFile: "/env", Volumes: []string{"/d:/d"},
		Options: []string{"--network=backend", "--network-alias", "web", "--ip=10.0.0.2", "--memory", "1g"}, Restart: "always", LogMaxSize: "10m",
	}
	o := OneOffOptions{Name: "myweb_https-run-1", Site: "myweb", Directory: "/srv/myweb", Purpose: "run", Image: "sha256:1"}
	labels := "--label io.provision.site=myweb --label io.provision.directory=/srv/myweb --label io.provision.one-off=run"
	want := strings.Fields("docker run --rm --name myweb_https-run-1 --log-driver none --env-file /env -e A=1 -v /d:/d " + labels +
		" --network=backend --memory 1g sha256:1 python manage.py migrate")
	if got := s.OneOff(o, "python", "manage.py", "migrate"); !slices.Equal(got, want) {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
	o.Shell, o.Terminal, s.SecretFiles, o.Secrets = true, true, true, "/s"
	got := strings.Join(s.OneOff(o, "a && b"), " ")
	for _, part := range []string{" -it ", " --mount type=bind,source=/s,target=/run/secrets,readonly ", " --entrypoint sh sha256:1 -c a && b"} {
		if !strings.Contains(got+" ", part) {
			t.Errorf("%s has no %q", got, part)
		}
	}
}
