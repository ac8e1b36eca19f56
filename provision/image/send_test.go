package image

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/fakehost"
)

const stateDir = fakehost.Home + "/dev/.site.provision"

// engine is a docker command that knows what Look and Load ask: it unpacks what it loads, and calls it by its configuration.
const engine = `at=%s
case "$1 $2" in
"info "*) echo "linux/x86_64 $at"; cat "$at/store" ;;
"buildx "*) exit 1 ;;
"image ls") [ ! -e "$at/layers" ] || echo one ;;
"load "*) rm -rf "$at/loaded" && mkdir "$at/loaded" && tar -xf - -C "$at/loaded" && echo "Loaded image" ;;
"image inspect") case "$*" in
	*RootFS*) cat "$at/layers" ;;
	*) [ ! -e "$at/other" ] || { cat "$at/other"; exit; }
		echo "sha256:$(sha256sum "$at/loaded/$(sed 's/.*"Config":"\([^"]*\)".*/\1/' "$at/loaded/manifest.json")" | cut -c1-64)" ;;
	esac ;;
"image rm") echo "$3" >"$at/removed" ;;
esac`

// host is a fake host behind a relay.
type host struct {
	*fakehost.Host
	t      *testing.T
	relay  *sandbox.Relay
	client *remote.Client
}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{Host: fakehost.New(t, fakehost.Pair{}), t: t}
	check(t, os.MkdirAll(h.Path("/docker"), 0o755))
	h.write("store", "null\n")
	h.Command(t, "docker", fmt.Sprintf(engine, h.Path("/docker")))
	var err error
	h.relay, err = sandbox.NewRelay(t.Context(), "127.0.0.1:0", fmt.Sprintf("%s:%d", h.Address, h.Port), sandbox.Link{})
	check(t, err)
	t.Cleanup(func() { _ = h.relay.Close() })
	known, err := os.ReadFile(h.KnownHosts)
	check(t, err)
	address, port, _ := strings.Cut(h.relay.Addr(), ":")
	line := strings.Replace(string(known), fmt.Sprintf("[%s]:%d", h.Address, h.Port), fmt.Sprintf("[%s]:%s", address, port), 1)
	check(t, os.WriteFile(h.KnownHosts, []byte(line), 0o600))
	var number int
	_, err = fmt.Sscan(port, &number)
	check(t, err)
	h.client, err = remote.Dial(t.Context(), remote.Config{Name: "cloud", Address: address, Port: number, User: "kevin",
		Identity: h.Identity, KnownHosts: h.KnownHosts, Words: language.Keys()})
	check(t, err)
	t.Cleanup(func() { _ = h.client.Close() })
	return h
}

func (h *host) write(name, text string) {
	h.t.Helper()
	check(h.t, os.WriteFile(h.Path("/docker/"+name), []byte(text), 0o644))
}

// sent is how many bytes went to the host so far.
func (h *host) sent() (n int64) {
	for _, c := range h.relay.Stats().Conns {
		n += c.Sent
	}
	return n
}

func (h *host) look() Store {
	h.t.Helper()
	out, err := h.client.Output(h.t.Context(), remote.Command{Script: Look(stateDir)})
	check(h.t, err)
	s, err := ParseLook(out)
	check(h.t, err)
	return s
}

func (h *host) send(ctx context.Context, i *Image, l *Layout) error {
	return Send(ctx, h.client, stateDir, i, l, func(int64, int64) {})
}

func (h *host) load(s Store, i *Image) error {
	err := h.client.RunJob(h.t.Context(), remote.Job{StateDir: stateDir, ID: i.JobID(), Script: s.Load(stateDir, i, "")}, nil)
	if err != nil {
		return s.LoadFailed("cloud", i, err)
	}
	return nil
}

// loaded are the paths of an image that the host loaded, as the engine got them.
func (h *host) loaded(i *Image) (has, lacks int) {
	for _, l := range i.Layers {
		if _, err := os.Stat(h.Path("/docker/loaded/blobs/sha256/" + l.Digest.Hex)); err == nil {
			has++
		} else {
			lacks++
		}
	}
	return has, lacks
}

func TestSend(t *testing.T) {
	s, r, h := newShop(t, false), newRegistries(t), newHost(t)
	below := layer(t, 5<<20)
	s.push(t, "site:1", made(t, "amd64", below, layer(t, 2<<20)))
	s.push(t, "site:2", made(t, "amd64", below, layer(t, 1<<20)))
	const slack = 200 << 10 // scripts, lists, the protocol
	for n, want := range []int{2, 1} {
		i := r.mustFind(t, fmt.Sprintf("%s/site:%d", s.address, n+1))
		store := h.look()
		layers := store.Lacks(i)
		if len(layers) != want {
			t.Fatalf("image %d: %d layers are to be sent, want %d", n+1, len(layers), want)
		}
		check(t, store.Holds("cloud", i, layers))
		before := h.sent()
		check(t, h.send(t.Context(), i, r.mustFetch(t, i, layers)))
		check(t, h.load(store, i))
		if got := h.sent() - before; got < Size(layers) || got > Size(layers)+slack {
			t.Errorf("image %d took %d bytes to the host, its layers %d", n+1, got, Size(layers))
		} else {
			t.Logf("image %d of %d bytes took %d to the host", n+1, i.Size(), got)
		}
		if has, lacks := h.loaded(i); has != want || has+lacks != 2 {
			t.Errorf("image %d was loaded with %d layers and without %d", n+1, has, lacks)
		}
		if left, _ := os.ReadDir(h.Path(stateDir + "/images")); len(left) > 0 {
			t.Errorf("image %d: %v is left on the host", n+1, left)
		}
		h.write("layers", fmt.Sprintf("layers [%q,%q]\n", i.Layers[0].DiffID, i.Layers[1].DiffID))
	}

	// A store like containerd's gets all layers, whatever it has.
	h.write("store", `[["driver-type","io.containerd.snapshotter.v1"]]`+"\n")
	i := r.mustFind(t, s.address+"/site:2")
	store := h.look()
	if layers := store.Lacks(i); !store.Containerd || len(layers) != 2 || i.ID(store.Containerd) != i.Digest.String() {
		t.Errorf("%d layers are to be sent to %+v", len(layers), store)
	}
}

// underway is what a cut may lose, in bytes: seven channels have a block of 1 MiB each that is not whole, and as much on its way.
const underway = 14 << 20

// TestCut cuts the link at ten points early in a transfer, at each of which little has arrived whole, and once late. What had arrived
// whole then is not sent again.
func TestCut(t *testing.T) {
	s, r, h := newShop(t, false), newRegistries(t), newHost(t)
	s.push(t, "site:1", made(t, "amd64", layer(t, 24<<20), layer(t, 500<<10)))
	i := r.mustFind(t, s.address+"/site:1")
	store, l := h.look(), r.mustFetch(t, i, i.Layers)
	const late = 20 << 20
	cuts, before := 0, int64(0)
	for attempt := 0; ; attempt++ {
		if attempt == 40 {
			t.Fatal("it never ends")
		}
		switch {
		case cuts < 10:
			h.relay.CutAfter(2<<20 + int64(cuts)*131_337)
		case cuts == 10:
			h.relay.CutAfter(late)
		}
		before = h.sent()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		err := h.send(ctx, i, l)
		cancel()
		if err == nil {
			break
		}
		if !remote.IsLost(err) {
			t.Fatalf("cut %d: %v", cuts, err)
		}
		cuts++
		check(t, h.client.Reconnect(t.Context()))
	}
	check(t, h.load(store, i))
	got := h.sent() - before
	t.Logf("after %d cuts %d bytes of %d were sent", cuts, got, i.Size())
	most := i.Size() - late + underway
	if cuts == 10 { // enough had arrived before for the late cut not to come
		most = late
	}
	if cuts < 10 || got > most {
		t.Errorf("after %d cuts %d bytes were sent, and %d should do", cuts, got, most)
	}
	if has, _ := h.loaded(i); has != 2 {
		t.Errorf("%d layers arrived", has)
	}
}

func TestAnotherImageIsTakenAway(t *testing.T) {
	s, r, h := newShop(t, false), newRegistries(t), newHost(t)
	s.push(t, "site:1", made(t, "amd64", layer(t, 1000)))
	i := r.mustFind(t, s.address+"/site:1")
	store := h.look()
	check(t, h.send(t.Context(), i, r.mustFetch(t, i, i.Layers)))
	h.write("other", "sha256:"+strings.Repeat("0", 64)+"\n")
	if err := h.load(store, i); provision.CodeOf(err) != "image.loaded-other" {
		t.Errorf("another image: %v", err)
	}
	if removed, _ := os.ReadFile(h.Path("/docker/removed")); strings.TrimSpace(string(removed)) != s.address+"/site:1" {
		t.Errorf("%q was removed", removed)
	}
}

// TestAFailedLoad keeps what was sent, until another image comes.
func TestAFailedLoad(t *testing.T) {
	s, r, h := newShop(t, false), newRegistries(t), newHost(t)
	s.push(t, "site:1", made(t, "amd64", layer(t, 3<<20)))
	i := r.mustFind(t, s.address+"/site:1")
	store, l := h.look(), r.mustFetch(t, i, i.Layers)
	check(t, h.send(t.Context(), i, l))
	h.Command(t, "docker", "cat >/dev/null; echo 'no space left on device' >&2; exit 1")
	if err := h.load(store, i); provision.CodeOf(err) != "image.load" || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("a load that fails: %v", err)
	}
	h.Command(t, "docker", fmt.Sprintf(engine, h.Path("/docker")))
	check(t, h.client.Run(t.Context(), remote.Command{Script: i.Clear(stateDir)}))
	before := h.sent()
	check(t, h.send(t.Context(), i, l))
	if again := h.sent() - before; again > 100<<10 {
		t.Errorf("%d bytes were sent again", again)
	}
	check(t, h.load(store, i))
}

func TestLook(t *testing.T) {
	s, err := ParseLook([]byte("platform linux/aarch64\nbuildkit\nstage 1000 /dev/vda1\nroot 1000 /dev/vda1\nlayers [\"sha256:a\",\"sha256:b\"]\nlayers null\n"))
	if err != nil || s.Platform != "linux/arm64" || !s.BuildKit || s.Containerd || len(s.images) != 2 {
		t.Errorf("%+v, %v", s, err)
	}
	i := &Image{Layers: []Layer{{Blob{Size: 300 << 10}, "sha256:a"}, {Blob{Size: 400 << 10}, "sha256:c"}}}
	if layers := s.Lacks(i); len(layers) != 1 || layers[0].DiffID != "sha256:c" {
		t.Errorf("lacks %v", layers)
	}
	if err := s.Holds("cloud", i, s.Lacks(i)); provision.CodeOf(err) != "image.room" { // it lies there three times
		t.Errorf("a full disk: %v", err)
	}
	s.root.on = "/dev/vdb1"
	if err := s.Holds("cloud", i, s.Lacks(i)); err != nil {
		t.Errorf("two disks: %v", err)
	}
	if _, err := ParseLook([]byte("nothing")); err == nil {
		t.Error("an engine that tells nothing passes")
	}
}
