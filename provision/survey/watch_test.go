package survey_test

import (
	"context"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/fakehost"
	"github.com/kehuo/provision/provision/survey"
)

const recorded = "../../steps/golden/testdata/recorded-host"

// lab is a watch on a fake host with the recorded site, over a link that can be cut.
type lab struct {
	*survey.Watch
	t     *testing.T
	host  *fakehost.Host
	relay *sandbox.Relay

	readings chan survey.Reading
	mu       sync.Mutex
	dials    int
}

func newLab(t *testing.T) *lab {
	t.Helper()
	pair, err := fakehost.LoadPair(recorded + "/site")
	check(t, err)
	l := &lab{t: t, host: fakehost.New(t, pair, 8080, 8443), readings: make(chan survey.Reading, 1000)}
	check(t, os.CopyFS(l.host.Path(fakehost.Home+"/dev"), os.DirFS(recorded+"/host/dev")))
	l.host.Docker.Restore(t, recorded+"/containers.json", recorded+"/images.json", recorded+"/networks.json")
	l.relay, err = sandbox.NewRelay(t.Context(), "127.0.0.1:0", net.JoinHostPort(l.host.Address, strconv.Itoa(l.host.Port)), sandbox.Link{})
	check(t, err)
	t.Cleanup(func() { _ = l.relay.Close() })
	known, err := os.ReadFile(l.host.KnownHosts)
	check(t, err)
	_, key, _ := strings.Cut(string(known), " ")
	_, port, err := net.SplitHostPort(l.relay.Addr())
	check(t, err)
	check(t, os.WriteFile(l.host.KnownHosts, []byte("[127.0.0.1]:"+port+" "+key), 0o600))
	number, err := strconv.Atoi(port)
	check(t, err)
	demands := probe.Demands{TLS: true, Domain: "kevinhuo.cool", Health: inventory.Health{Path: "/", Status: 200}, Ports: []inventory.Port{
		{Host: 8080, Container: 80, Protocol: "tcp"}, {Host: 8443, Container: 443, Protocol: "tcp"}}}
	l.Watch = &survey.Watch{
		Host: "cloud", Interval: 20 * time.Millisecond,
		Query:  facts.Query{Directory: fakehost.Home + "/dev/myweb", Container: "myweb_https", Image: "myweb_image:server", Mark: "MARK"},
		Checks: func(probe.Dial) []probe.Check { return demands.FromHere(l.host.Address) },
		Names: func(ctx context.Context) survey.Names {
			return survey.AskNames(ctx, net.DefaultResolver.LookupHost, "localhost", "127.0.0.1")
		},
		Connect: func(ctx context.Context) (survey.Connection, error) {
			l.mu.Lock()
			l.dials++
			l.mu.Unlock()
			return remote.Dial(ctx, remote.Config{Name: "cloud", Address: "127.0.0.1", Port: number, User: "kevin", Identity: l.host.Identity,
				KnownHosts: l.host.KnownHosts, Words: language.Keys(), Link: func(bool) {}})
		},
	}
	return l
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// watch begins to watch, until the end of the test.
func (l *lab) watch() {
	ctx, cancel := context.WithCancel(l.t.Context())
	var watching sync.WaitGroup
	watching.Go(func() {
		l.Run(ctx, func(r survey.Reading) {
			select {
			case l.readings <- r:
			default: // nobody looks any more
			}
		})
	})
	l.t.Cleanup(func() { cancel(); watching.Wait() })
}

// await is the next reading of a kind.
func (l *lab) await(what string, is func(survey.Reading) bool) survey.Reading {
	l.t.Helper()
	late := time.After(time.Minute)
	var last survey.Reading
	for {
		select {
		case last = <-l.readings:
			if is(last) {
				return last
			}
		case <-late:
			l.t.Fatalf("no reading %s came; the last one is %+v", what, last)
		}
	}
}

func up(r survey.Reading) bool { return r.Link == survey.LinkUp }

func TestAWatchReadsAHost(t *testing.T) {
	l := newLab(t)
	l.watch()
	r := l.await("of a host that is up", up)
	last, asked := r.Last()
	if r.Err != nil || r.Live() == nil || !r.Live().Up() || r.Release() == "" || len(r.History) == 0 || r.Facts.Root != "/var/lib/docker" {
		t.Errorf("the reading is %+v", r)
	}
	if !asked || last.Err != nil || last.Answer.Status != 200 || last.Answer.Certificate == nil {
		t.Errorf("the site answered %+v", last)
	}
	if !r.Names.Here() || r.Names.Err != nil {
		t.Errorf("the DNS says %+v", r.Names)
	}
	r = l.await("with the processor's share", func(r survey.Reading) bool { return r.Pulse.CPU >= 0 })
	if r.Pulse.Memory <= 0 || r.Pulse.Disk < 0 || len(r.Asked) < 1 {
		t.Errorf("the reading is %+v", r)
	}
	l.host.Docker.Do(t, "stop", "-t", "1", "myweb_https")
	r = l.await("of a stopped container", func(r survey.Reading) bool { return !r.Live().Up() })
	if r.Live().State.Status != "exited" {
		t.Errorf("the state is %q", r.Live().State.Status)
	}
	r = l.await("of a site that does not answer", func(r survey.Reading) bool { last, _ := r.Last(); return last.Err != nil })
	if up(r) != true {
		t.Error("a site that does not answer counts as a lost link")
	}
}

func TestALostLinkComesBack(t *testing.T) {
	l := newLab(t)
	l.watch()
	before := l.await("of a host that is up", up)
	l.relay.Reset()
	lost := l.await("of a lost link", func(r survey.Reading) bool { return r.Link == survey.LinkDown })
	if lost.Err == nil || lost.Live() == nil || lost.At.Before(before.At) {
		t.Errorf("what was known is gone: %+v", lost)
	}
	back := l.await("of a link that is back", up)
	if !back.At.After(lost.At) || back.Err != nil {
		t.Errorf("it is back with %+v", back)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dials != 2 {
		t.Errorf("%d connections were made, want one and one more", l.dials)
	}
}

func TestALogGoesOnAfterALostLink(t *testing.T) {
	l := newLab(t)
	l.host.Command(t, "docker", `case "$*" in
*--since*) echo "later: $*"; exit 0 ;;
*) echo "first: $*"; exec sleep 300 ;;
esac`)
	l.watch()
	lines := make(chan string, 10)
	ctx, cancel := context.WithCancel(t.Context())
	var following sync.WaitGroup
	following.Go(func() { l.Log(ctx, "abc", func(text string) { lines <- text }) })
	defer following.Wait()
	defer cancel()
	next := func() string {
		select {
		case line := <-lines:
			return line
		case <-time.After(time.Minute):
			t.Error("no line of the log came")
			return ""
		}
	}
	if got, want := next(), "first: logs --tail 1000 --follow abc"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	l.relay.Reset()
	if got := next(); !strings.HasPrefix(got, "later: logs --since ") || !strings.HasSuffix(got, " --follow abc") || strings.Contains(got, "--tail") {
		t.Errorf("after the loss it asks %q", got)
	}
}

// A host whose engine cannot be reached by its socket is asked by docker commands, which cost it much more: not each time.
func TestDockerCommandsAreRare(t *testing.T) {
	l := newLab(t)
	l.host.NoSockets = true
	l.watch()
	r := l.await("of a host that is up", up)
	if r.Live() == nil || r.Release() == "" {
		t.Errorf("docker commands tell %+v", r.Facts)
	}
	for range 5 {
		l.await("of a host that is up", up)
	}
	if calls := l.host.Docker.Calls(); len(calls) > 4 {
		t.Errorf("six looks ran %q", calls)
	}
}

func TestAHostThatCannotBeReachedIsTriedAgain(t *testing.T) {
	l := newLab(t)
	refused := l.Connect
	var mu sync.Mutex
	tries := 0
	l.Connect = func(ctx context.Context) (survey.Connection, error) {
		mu.Lock()
		defer mu.Unlock()
		if tries++; tries == 1 {
			return nil, net.ErrClosed
		}
		return refused(ctx)
	}
	l.watch()
	if r := l.await("of a host out of reach", func(r survey.Reading) bool { return r.Link == survey.LinkDown }); r.Err == nil || !r.At.IsZero() {
		t.Errorf("the reading is %+v", r)
	}
	l.await("of a host that is up", up)
}

func TestWhatSomebodyMustSetRightIsNotTriedAgainAtOnce(t *testing.T) {
	l := newLab(t)
	check(t, os.WriteFile(l.host.KnownHosts, nil, 0o600)) // nobody can be asked whether the host's key is right
	_, err := l.Connect(t.Context())
	if err == nil {
		t.Fatal("a host whose key nobody knows is trusted")
	}
	if got := survey.Pause(err, time.Second); got < time.Minute {
		t.Errorf("after %v the next attempt comes in %v", err, got)
	}
	if got := survey.Pause(net.ErrClosed, time.Second); got != time.Second {
		t.Errorf("after %v the next attempt comes in %v", net.ErrClosed, got)
	}
}

func TestAWatchReconnectsWhenAskedTo(t *testing.T) {
	l := newLab(t)
	known, err := os.ReadFile(l.host.KnownHosts)
	check(t, err)
	check(t, os.WriteFile(l.host.KnownHosts, nil, 0o600)) // the next attempt is minutes away
	l.watch()
	l.await("of a host out of reach", func(r survey.Reading) bool { return r.Link == survey.LinkDown })
	check(t, os.WriteFile(l.host.KnownHosts, known, 0o600))
	often := time.NewTicker(100 * time.Millisecond) // the watch may not wait yet
	defer often.Stop()
	done := make(chan struct{})
	var asking sync.WaitGroup
	defer asking.Wait()
	defer close(done)
	asking.Go(func() {
		for {
			select {
			case <-often.C:
				l.Reconnect()
			case <-done:
				return
			}
		}
	})
	l.await("of a host that is up", up)
}
