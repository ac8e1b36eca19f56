package golden

import (
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/sandbox/fakehost"
)

// pulls is a docker command of a host that pulls what begins with $1 and loads what it is sent; the rest is the fake engine's.
const pulls = `at=%s pullable=%s
case "$1 $2" in
"pull "*|"load "*|"tag "*|"image rm") echo "docker $*" >>"$at/pulls" ;;
esac
case "$1 $2" in
"info "*) printf 'linux/x86_64 /var/lib/docker\nnull\n' ;;
"buildx "*) exit 1 ;;
"image ls") ;;
"pull $pullable"*) echo "Pulling from it" ;;
"pull "*) echo "Error response from daemon: connection refused" >&2; exit 1 ;;
"load "*) rm -rf "$at/loaded" && mkdir "$at/loaded" && tar -xf - -C "$at/loaded" ;;
"image inspect") case "$*" in
	*127.0.0.1*) echo "sha256:$(sha256sum "$at/loaded/$(sed 's/.*"Config":"\([^"]*\)".*/\1/' "$at/loaded/manifest.json")" | cut -c1-64)" ;;
	*) exec "$FAKE" "$@" ;;
	esac ;;
"tag "*|"image rm") ;;
*) exec "$FAKE" "$@" ;;
esac`

// TestBases brings images that the host lacks, in each way.
func TestBases(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	mine := strings.TrimPrefix(server.URL, "http://") + "/base:1"
	ref, err := name.ParseReference(mine)
	check(t, err)
	layer, err := random.Layer(1000, types.DockerLayer)
	check(t, err)
	base, err := mutate.AppendLayers(empty.Image, layer)
	check(t, err)
	file, err := base.ConfigFile()
	check(t, err)
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", "amd64"
	base, err = mutate.ConfigFile(base, file)
	check(t, err)
	check(t, remote.Write(ref, base))

	digest, err := base.Digest()
	check(t, err)
	pinned := strings.TrimSuffix(mine, ":1") + "@" + digest.String()

	const mirror = "mirror.invalid/hub/library/python:3"
	for _, test := range []struct {
		name, from, fields, pullable string
		want                         string // docker commands
		code                         string
	}{
		{"the host pulls", "python:3", "", "python:3", "pull python:3", ""},
		{"a mirror has it", "python:3", `mirrors: ["https://mirror.invalid/hub"]`, mirror, "pull " + mirror + ", tag " + mirror + " python:3, image rm " + mirror, ""},
		{"a mirror lacks it", "python:3", `mirrors: ["https://mirror.invalid/hub/"]`, "python", "pull " + mirror + ", pull python:3", ""},
		{"nobody has it", "python:3", "", "nothing", "pull python:3", "image.no-route"},
		{"the host has no way", mine, "base_images: host", "nothing", "pull " + mine, "image.host"},
		{"it is sent", mine, "", "nothing", "pull " + mine + ", load", ""},
		{"it is sent at once", mine, "base_images: here", "nothing", "load", ""},
		{"it is pinned", pinned, "base_images: here", "nothing", "", "image.pinned"},
		{"it is pinned and nobody pulls it", pinned, "", "nothing", "pull " + pinned, "image.pinned"},
		{"it is pinned and the host pulls it", pinned, "", pinned, "pull " + pinned, ""},
		{"it is not there", mine + "1", "base_images: here", "nothing", "", "image.absent"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLab(t)
			l.edit("site/Dockerfile", fakehost.BaseImage, test.from)
			l.edit("inventory.yaml", "  domain:", "  "+test.fields+"\n  domain:")
			client, err := os.Readlink(l.Path("/bin/docker"))
			check(t, err)
			script := strings.ReplaceAll(fmt.Sprintf(pulls, l.Path("/tmp"), test.pullable), `"$FAKE"`, client)
			l.Command(t, "docker", script)
			planned := ""
			for _, c := range l.plan().Changes {
				if c.Step == "07-build" {
					planned += c.Action + "\n" + c.Diff + "\n"
				}
			}
			if atOnce := test.name == "it is pinned"; strings.Contains(planned, "plan.base.action("+test.from+")") == atOnce ||
				strings.Contains(planned, "plan.base.send-pinned") != (test.from == pinned && !atOnce) {
				t.Errorf("the plan is\n%s", planned)
			}
			r := l.deploy()
			calls, _ := os.ReadFile(l.Path("/tmp/pulls"))
			got := strings.ReplaceAll(strings.ReplaceAll(strings.TrimSpace(string(calls)), "docker ", ""), "\n", ", ")
			if got != test.want {
				t.Errorf("docker was told: %s\nwant: %s", got, test.want)
			}
			result := r.result.Hosts["cloud"]
			if code(result.Err) != test.code {
				t.Errorf("ended with %v", result.Err)
			}
			found := ""
			for _, e := range r.events {
				if f, is := e.Body.(provision.Finding); is && f.Severity == provision.SeverityError {
					found += e.Step + " " + f.Code
				}
			}
			if want := strings.TrimSpace("07-build " + test.code); found != want && (test.code != "" || found != "") {
				t.Errorf("found %q, want %q", found, want)
			}
		})
	}
}
