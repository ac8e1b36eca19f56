package docker

import (
	"encoding/json"
	"strings"
	"testing"
)

// A plan tells attribute by attribute what a container will be, and in what it is not so yet; no value of a variable is shown.
func TestDifference(t *testing.T) {
	spec := Spec{
		Ports: []string{"80:80", "443:443/tcp", "127.0.0.1:53:53/udp", "[::1]:9:9"}, Command: []string{"bash", "./start.sh"}, Restart: "unless-stopped",
		Environment: map[string]string{"LOG": "debug", "MODE": "a"}, Volumes: []string{"/data:/var/lib/x"}, Options: []string{"--shm-size=1g"},
	}
	var live Container
	text := `{"Config":{"Cmd":["bash","./start.sh"],"Env":["PATH=/bin","LOG=debug","MODE=a","TOKEN=hush"]},"HostConfig":{"Binds":["/data:/var/lib/x"],` +
		`"RestartPolicy":{"Name":"unless-stopped"},"PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"80"}],"443/tcp":[{"HostIp":"0.0.0.0","HostPort":"443"}],` +
		`"53/udp":[{"HostIp":"127.0.0.1","HostPort":"53"}],"9/tcp":[{"HostIp":"::1","HostPort":"9"}]}}}`
	if err := json.Unmarshal([]byte(text), &live); err != nil {
		t.Fatal(err)
	}
	image := Variables{"PATH": {}}
	secrets := []string{"TOKEN"}
	if got := spec.Difference(&live, secrets, image); got != "" {
		t.Errorf("nothing differs, and it is\n%s", got)
	}
	want := "+ ports: 80:80, 443:443/tcp, 127.0.0.1:53:53/udp, [::1]:9:9\n+ command: bash ./start.sh\n+ environment: LOG, MODE, TOKEN\n" +
		"+ volumes: /data:/var/lib/x\n+ options: --shm-size=1g\n+ restart: unless-stopped\n"
	if got := spec.Difference(nil, secrets, image); got != want {
		t.Errorf("a new one is\n%s", got)
	}
	other := spec
	other.Ports, other.Command, other.Volumes, other.Restart = []string{"8080:80"}, []string{"./run", "\x1b[31m"}, nil, "always"
	other.Environment = map[string]string{"LOG": "info", "NEW": "1"}
	got := other.Difference(&live, nil, image)
	want = "- ports: 127.0.0.1:53:53/udp, 443:443, 80:80, [::1]:9:9\n+ ports: 8080:80\n- command: bash ./start.sh\n+ command: ./run \n" +
		"- environment: MODE, TOKEN\n+ environment: NEW\n~ environment: LOG\n- volumes: /data:/var/lib/x\n- restart: unless-stopped\n+ restart: always\n"
	if got != want {
		t.Errorf("it is\n%s, want\n%s", got, want)
	}
	if strings.Contains(got, "hush") || strings.Contains(got, "debug") {
		t.Errorf("it shows a value:\n%s", got)
	}
	if got := other.Difference(&live, nil, nil); strings.Contains(got, "- environment") {
		t.Errorf("what the image has is not known, and it is\n%s", got)
	}
}
