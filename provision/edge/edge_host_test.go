//go:build host

package edge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/edge"
	"github.com/kehuo/provision/provision/edge/route"
	"github.com/kehuo/provision/provision/image"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/provision/shell"
)

// host runs commands as root on a sandbox host.
type host struct {
	t *testing.T
	sandbox.Host
}

func (h host) run(input []byte, argv ...string) []byte {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", append([]string{"exec", "-i", h.Container}, argv...)...)
	cmd.Stdin = bytes.NewReader(input)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		h.t.Fatalf("%s: %v\n%s%s", shell.Quote(argv...), err, out, &stderr)
	}
	return out
}

func (h host) script(text shell.Text) string { return string(h.run(nil, "sh", "-c", string(text))) }

// serve runs a site that says its own name, and brings its visitors to it.
func (h host) serve(o route.Owner) {
	h.t.Helper()
	h.script(edge.Join(o))
	config := "events {} http { server { listen 80; return 200 " + o.Name + "; } }"
	id := h.run(nil, "docker", "run", "-d", "--restart", "always", "--network", edge.Network(o), "--name", o.Name, "--entrypoint", "sh", sandbox.BaseImage,
		"-c", `echo "$0" >/tmp/c && exec nginx -c /tmp/c -g "daemon off;"`, config)
	request, err := json.Marshal(route.Request{Set: &route.Site{Owner: o, Domains: []string{o.Name + ".test"}, HTTP: 80, DrainMS: 1000,
		Backends: []route.Backend{{Container: docker.ShortID(strings.TrimSpace(string(id)))}}}})
	if err != nil {
		h.t.Fatal(err)
	}
	h.run(request, edge.Change()...)
}

// says waits until the host answers for a name with a text.
func (h host) says(name, want string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer cancel()
	for got := ""; ; {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.Address+"/", nil)
		if err != nil {
			h.t.Fatal(err)
		}
		request.Host, request.Close = name, true
		if response, err := http.DefaultClient.Do(request); err != nil {
			got = err.Error()
		} else {
			body, _ := io.ReadAll(response.Body)
			_ = response.Body.Close()
			got = string(body)
		}
		if strings.TrimSpace(got) == want {
			return
		}
		select {
		case <-ctx.Done():
			h.t.Fatalf("%s says %q, want %q", name, got, want)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// TestTwoSitesShareAHost has the edge run as it will on hosts, confined, and come back after each of its ends.
func TestTwoSitesShareAHost(t *testing.T) {
	h := host{t, sandboxtest.Host(t, sandbox.Options{})}
	name, archive, err := image.Own(strings.TrimSpace(string(h.run(nil, docker.Architecture()...))))
	if err != nil {
		t.Fatal(err)
	}
	h.run(archive, docker.Load()...)
	h.script(edge.Up(name))
	for _, o := range []route.Owner{{Name: "one", Directory: "/srv/one"}, {Name: "two", Directory: "/srv/two"}} {
		h.serve(o)
	}
	bothAnswer := func() {
		t.Helper()
		h.says("one.test", "one")
		h.says("two.test", "two")
		h.says("three.test", "no site has this name")
	}
	bothAnswer()
	started := h.run(nil, docker.Inspect(edge.Holder, edge.Router)...)
	h.script(edge.Up(name))
	if !bytes.Equal(started, h.run(nil, docker.Inspect(edge.Holder, edge.Router)...)) {
		t.Error("an edge that is up was touched")
	}
	for _, part := range []string{edge.Router, edge.Holder} {
		h.script(shell.Text("kill -9 $(docker inspect --format '{{.State.Pid}}' " + part + ")")) // it crashes
		bothAnswer()
		h.run(nil, docker.Stop(2, part)...) // somebody stops it: only a run brings it back
		h.script(edge.Up(name))
		bothAnswer()
	}
	var status route.Status
	if err := json.Unmarshal(h.run(nil, edge.Status()...), &status); err != nil || len(status.Sites) != 2 || status.Revision != 2 {
		t.Errorf("status: %+v, %v", status, err)
	}
}
