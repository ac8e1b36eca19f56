package docker_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/shell"
)

func spec() docker.Spec {
	return docker.Spec{
		Ports:           []string{"80:80", "127.0.0.1:443:443"},
		Command:         []string{"bash", "./start.sh"},
		Environment:     map[string]string{"B": "two words", "A": "it's $HOME", "C": ""},
		EnvironmentFile: "/home/kevin/dev/.myweb.provision/environment-0123",
		EnvironmentHash: "0123",
		Volumes:         []string{"/srv/pictures of cats:/pictures:ro"},
		Options:         []string{"--memory=512m"},
		Restart:         "unless-stopped",
		Init:            true,
		LogMaxSize:      "10m",
		LogMaxFile:      3,
	}
}

// The digest is kept in labels on hosts: should it change from one version of the program to the next, every site would be
// run anew for nothing.
func TestDigestStaysTheSame(t *testing.T) {
	for _, c := range []struct{ name, got, want string }{
		{"a spec with everything", spec().Digest(), "e06b72d402b2f9544242d35b9fbb3e54ebb6b620da4d13bb14a9976ed2c508ba"},
		{"the tutorial's", docker.Spec{Ports: []string{"80:80", "443:443"}, Command: []string{"bash", "./start.sh"}, Restart: "unless-stopped"}.Digest(), "f443b681870a941781fdf7adf78e515471df85c64c97a7bce15920ce18887edc"},
		{"its release", docker.Release("tree", spec()), "77e755214cbc"},
	} {
		if c.got != c.want {
			t.Errorf("%s has the digest %s, want %s", c.name, c.got, c.want)
		}
	}
}

func TestDigestTellsEverySettingApart(t *testing.T) {
	seen := map[string]string{spec().Digest(): "the original"}
	for name, change := range map[string]func(*docker.Spec){
		"ports":            func(s *docker.Spec) { s.Ports[0] = "81:80" },
		"order of ports":   func(s *docker.Spec) { slices.Reverse(s.Ports) },
		"command":          func(s *docker.Spec) { s.Command = []string{"bash ./start.sh"} },
		"environment":      func(s *docker.Spec) { s.Environment["A"] = "x" },
		"environment file": func(s *docker.Spec) { s.EnvironmentHash = "4567" },
		"secrets as files": func(s *docker.Spec) { s.SecretFiles = true },
		"volumes":          func(s *docker.Spec) { s.Volumes = nil },
		"options":          func(s *docker.Spec) { s.Options = append(s.Options, "--cpus=1") },
		"restart":          func(s *docker.Spec) { s.Restart = "no" },
		"init":             func(s *docker.Spec) { s.Init = false },
		"log size":         func(s *docker.Spec) { s.LogMaxSize = "20m" },
		"log files":        func(s *docker.Spec) { s.LogMaxFile = 2 },
	} {
		changed := spec()
		change(&changed)
		digest := changed.Digest()
		if other, ok := seen[digest]; ok {
			t.Errorf("other %s give the same digest as %s", name, other)
		}
		seen[digest] = name
	}
}

func TestRunIsTheTutorialsCommand(t *testing.T) {
	s := docker.Spec{Ports: []string{"80:80", "443:443"}, Command: []string{"bash", "./start.sh"}, Restart: "unless-stopped"}
	got := shell.Quote(s.Run(docker.RunOptions{Name: "myweb_https", Site: "myweb", Directory: "/d", Image: "myweb_image:server", Tree: "t", Release: "r", Ports: true, Restart: true})...)
	want := "docker run -it -d -p 80:80 -p 443:443 --name myweb_https --restart unless-stopped --label io.provision.site=myweb" +
		" --label io.provision.directory=/d --label io.provision.tree=t --label io.provision.spec=" + s.Digest() + " --label io.provision.release=r myweb_image:server bash ./start.sh"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRunKeepsEveryArgumentWhole(t *testing.T) {
	s := spec()
	argv := s.Run(docker.RunOptions{Name: "candidate", Site: "myweb", Directory: "/d", Image: "sha256:1", Tree: "t", Release: "r", Network: "provision-myweb"})
	want := []string{"docker", "run", "-it", "-d", "--name", "candidate", "--network", "provision-myweb", "--init",
		"--log-driver", "json-file", "--log-opt", "max-size=10m", "--log-opt", "max-file=3",
		"--env-file", "/home/kevin/dev/.myweb.provision/environment-0123",
		"-e", "A=it's $HOME", "-e", "B=two words", "-e", "C=", "-v", "/srv/pictures of cats:/pictures:ro",
		"--label", "io.provision.site=myweb", "--label", "io.provision.directory=/d", "--label", "io.provision.tree=t", "--label", "io.provision.spec=" + s.Digest(),
		"--label", "io.provision.release=r", "--memory=512m", "sha256:1", "bash", "./start.sh"}
	if !slices.Equal(argv, want) {
		t.Errorf("got  %q\nwant %q", argv, want)
	}
	if quoted := shell.Quote(argv...); !strings.Contains(quoted, `'A=it'"'"'s $HOME'`) || !strings.Contains(quoted, "'B=two words'") {
		t.Errorf("for a shell it is %s", quoted)
	}
	created := s.Run(docker.RunOptions{Name: "c", Image: "i", Create: true})
	if !slices.Equal(created[:3], []string{"docker", "create", "-it"}) || slices.Contains(created, "-p") || slices.Contains(created, "--restart") {
		t.Errorf("created by %q", created)
	}
}

// A release with its secrets as files has the folder of its own, and none of them in its command line.
func TestRunMountsSecrets(t *testing.T) {
	s := docker.Spec{Command: []string{"app"}, EnvironmentHash: "0123", SecretFiles: true}
	for folder, mount := range map[string]string{
		"/home/kevin/dev/.myweb.provision/secrets-0123/run": "type=bind,source=/home/kevin/dev/.myweb.provision/secrets-0123/run,target=/run/secrets,readonly",
		`/srv/a,b "c"`: `type=bind,"source=/srv/a,b ""c""",target=/run/secrets,readonly`,
	} {
		argv := s.Run(docker.RunOptions{Name: "n", Image: "i", Secrets: folder})
		if at := slices.Index(argv, "--mount"); at < 0 || argv[at+1] != mount || slices.Contains(argv, "--env-file") {
			t.Errorf("got %q", argv)
		}
	}
	s.SecretFiles = false
	if argv := s.Run(docker.RunOptions{Name: "n", Image: "i", Secrets: "/f"}); slices.Contains(argv, "--mount") {
		t.Errorf("got %q", argv)
	}
}

func TestNetworkOfTheOptions(t *testing.T) {
	for _, c := range []struct {
		options   []string
		host, own bool
	}{
		{nil, false, false},
		{[]string{"--pid", "host", "--network-alias=web"}, false, false},
		{[]string{"--network", "mine", "--pid", "host"}, false, true},
		{[]string{"--pid", "host", "--net", "host"}, true, true},
		{[]string{"--network=host"}, true, true},
	} {
		if s := (docker.Spec{Options: c.options}); s.HostNetwork() != c.host || s.OwnNetwork() != c.own {
			t.Errorf("%q: on the host's network %v, on one of its own %v", c.options, s.HostNetwork(), s.OwnNetwork())
		}
	}
}

func TestParseInspect(t *testing.T) {
	text, err := os.ReadFile("testdata/inspect-20.10.json") // docker inspect myweb_https myweb_image:server
	if err != nil {
		t.Fatal(err)
	}
	objects, err := docker.ParseInspect(text)
	if err != nil || len(objects.Containers) != 1 || len(objects.Images) != 1 {
		t.Fatalf("got %+v, %v", objects, err)
	}
	c, image := objects.Containers[0], objects.Images[0]
	if c.BareName() != "myweb_https" || !c.Up() || c.Label(docker.LabelSite) != "myweb" || c.Image != image.ID ||
		c.HostConfig.RestartPolicy.Name != "unless-stopped" || c.Address("bridge") == "" || c.AnyAddress("") != c.Address("bridge") {
		t.Errorf("the container is %+v", c)
	}
	if !c.Serves("provision-myweb") || c.Serves("bridge") || !c.On("bridge") || c.On("host") {
		t.Errorf("the container's networks are %+v", c.NetworkSettings)
	}
	if !image.Tagged("myweb_image:server") || image.Tagged("myweb_image") || image.Label(docker.LabelTree) != c.Label(docker.LabelTree) {
		t.Errorf("the image is %+v", image)
	}
	for name, text := range map[string]string{"nothing": "", "no object": "[]\n"} {
		if objects, err := docker.ParseInspect([]byte(text)); err != nil || len(objects.Containers)+len(objects.Images) != 0 {
			t.Errorf("%s gave %+v, %v", name, objects, err)
		}
	}
	for name, text := range map[string]string{"cut short": string(text[:len(text)/2]), "an error's text": "Error: No such object: x"} {
		if _, err := docker.ParseInspect([]byte(text)); err == nil {
			t.Errorf("%s is taken for an answer", name)
		}
	}
}

func TestRestartLoopIsNotUp(t *testing.T) {
	objects, err := docker.ParseInspect([]byte(`[{"Id":"1","Name":"/x","State":{"Status":"restarting","Running":true,"Restarting":true},"HostConfig":{"NetworkMode":"host"}}]`))
	if err != nil {
		t.Fatal(err)
	}
	if c := objects.Containers[0]; c.Up() || c.Serves() {
		t.Errorf("%+v counts as up", c.State)
	}
}

func TestImageNamesWithoutATag(t *testing.T) {
	image := docker.Image{RepoTags: []string{"myweb:latest", "nginx:1", "registry.local:5000/a/b:latest"}}
	for name, want := range map[string]bool{
		"myweb": true, "myweb:latest": true, "myweb:server": false, "docker.io/library/nginx:1": true, "docker.io/myweb": true, "registry.local:5000/a/b": true,
	} {
		if image.Tagged(name) != want {
			t.Errorf("Tagged(%q) is %v", name, !want)
		}
	}
}

func TestProgress(t *testing.T) {
	for _, c := range []struct{ name, log, want string }{
		{"classic", `Sending build context to Docker daemon  13.31kB
Step 1/3 : FROM kehuo/centos8_conda:nginx
 ---> 68c082ecf8eb
Step 2/3 : RUN echo Step 9/9 : not one && false
 ---> Using cache
Step 3/3 : LABEL io.provision.site=myweb
Successfully built a4968817c54a`, "1/3 FROM kehuo/centos8_conda:nginx|2/3 RUN echo Step 9/9 : not one && false|3/3 LABEL io.provision.site=myweb"},
		{"BuildKit", `#1 [internal] load build definition from Dockerfile
#1 transferring dockerfile: 337B done
#4 [1/3] FROM docker.io/kehuo/centos8_conda:nginx
#5 [internal] load build context
#6 [2/3] COPY ./app ./app
#6 CACHED
#7 [3/3] RUN pip install flask
#7 0.412 [9/9] not a step
#7 DONE 2.1s
#6 [2/3] COPY ./app ./app
#8 exporting to image`, "1/3 FROM docker.io/kehuo/centos8_conda:nginx|2/3 COPY ./app ./app|3/3 RUN pip install flask"},
		{"stages of BuildKit", `#5 [build 1/2] FROM golang
#6 [stage-1 1/4] FROM scratch
#7 [build 2/2] RUN make
#8 [stage-1 2/4] COPY --from=build /x /x`, "1/2 FROM golang|1/4 FROM scratch|2/4 COPY --from=build /x /x"},
		{"no build", "Step aside : please\nStep 0/0 : x\nStep 4/3 : x\n# [x] y\n#1 [/] x", ""},
	} {
		var steps []string
		var p docker.Progress
		passed, rest := "", c.log+"\n"
		for {
			through, next := p.Next(rest)
			passed += rest[:through]
			if next != nil {
				steps = append(steps, fmt.Sprintf("%d/%d %s", next.I, next.N, next.Text))
				if !strings.HasSuffix(passed, next.Text) {
					t.Errorf("%s: %q does not end with %q", c.name, passed, next.Text)
				}
			}
			if through == len(rest) {
				break
			}
			passed, rest = passed+"\n", rest[through+1:]
		}
		if got := strings.Join(steps, "|"); got != c.want {
			t.Errorf("%s: got  %s\nwant %s", c.name, got, c.want)
		}
		if passed != c.log+"\n" {
			t.Errorf("%s: %q was passed on as %q", c.name, c.log, passed)
		}
	}
}

// A label may be anybody's: it is shown, and compared with what we have written ourselves.
func TestLabelsAreHarmless(t *testing.T) {
	objects, err := docker.ParseInspect([]byte(`[{"Name":"/web","State":{},"Config":{"Labels":{
		"io.provision.site":"my\u001b[31mweb\n\u202etxt","io.provision.directory":"/home/kevin/my  web"}}}]`))
	if err != nil {
		t.Fatal(err)
	}
	c := objects.Containers[0]
	if site := c.Label(docker.LabelSite); strings.ContainsAny(site, "\x1b\n\u202e") || !strings.HasPrefix(site, "my") {
		t.Errorf("the site is %q", site)
	}
	if directory := c.Label(docker.LabelDirectory); directory != "/home/kevin/my  web" {
		t.Errorf("the folder is %q", directory)
	}
	huge := docker.Image{}
	huge.Config.Labels = map[string]string{"x": strings.Repeat("x", 1<<20)}
	if got := len(huge.Label("x")); got > 8<<10 {
		t.Errorf("%d bytes of a label", got)
	}
}
