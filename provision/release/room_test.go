package release

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// TestRoom: what a build will need is what the last one had of its own, and what goes is the oldest earlier release.
func TestRoom(t *testing.T) {
	for _, sh := range shells() {
		t.Run(filepath.Base(sh[0]), func(t *testing.T) {
			e := newEngine(t, `
info*) echo "`+t.TempDir()+`" ;;
"image ls "*) echo x ;;
"image inspect "*) echo "sha256:c web:1 cccccccccccc web:1"; echo "sha256:b web:1 bbbbbbbbbbbb web:bbbbbbbbbbbb"; echo "sha256:a web:1 aaaaaaaaaaaa web:aaaaaaaaaaaa" ;;
"history "*a) echo '0 t "CMD"'; echo '5000000 1 "COPY *"'; echo '70000000 t "FROM"' ;;
"history "*b) echo '6000000 2 "COPY *"'; echo '70000000 t "FROM"' ;;
"history "*c) echo '40000000 3 "COPY *"'; echo '70000000 t "FROM"'; echo 'nonsense' ;;
"ps "*) printf 'ida\tweb-aaaaaaaaaaaa\taaaaaaaaaaaa\nidb\tweb-bbbbbbbbbbbb\tbbbbbbbbbbbb\nidx\tweb-mine\tbbbbbbbbbbbb\nidl\tweb-candidate\tcandidate\n' ;;
"inspect --format {{.State"*) echo "2026-01-02 idb sha256:b bbbbbbbbbbbb"; echo "2026-01-01 ida sha256:a aaaaaaaaaaaa" ;;
"inspect "*) echo cccccccccccc ;;
"rm "*) touch gone ;;`)
			df := shell.Text(`df() { echo head; if [ -e ` + e.state + `/gone ]; then echo /dev/vda 1 1 150000 9% /; else echo /dev/vda 1 1 90000 9% /; fi; }
`) // BusyBox has one of its own
			site := Site{Name: "web", Directory: "/d", StateDir: t.TempDir(), Container: "web", Image: "web:1"}
			last := &docker.Image{ID: "sha256:c", Size: 110_000_000}
			for _, test := range []struct {
				last   *docker.Image
				upload int64
				want   Room
				goes   string
			}{
				{nil, 1000, Room{Free: 90000 << 10, Needed: 1000 + 64<<20}, ""},
				{last, 1000, Room{Free: 150000 << 10, Needed: 40_001_000 + 64<<20, Ours: 121_000_000, Freed: 1}, "rm -f -v ida\nimage rm web:aaaaaaaaaaaa\n"},
			} {
				asked, printed, status := e.run(sh, df+site.MakeRoom(test.last, test.upload))
				got := ParseRoom([]byte(printed))
				if status != 0 || got == nil || got.Root == "" {
					t.Fatalf("it ended with %d and printed %q", status, printed)
				}
				if got.Root = ""; *got != test.want {
					t.Errorf("got %+v, want %+v", *got, test.want)
				}
				did := ""
				for line := range strings.Lines(asked) {
					if strings.HasPrefix(line, "rm ") || strings.HasPrefix(line, "image rm ") {
						did += line
					}
				}
				if did != test.goes {
					t.Errorf("did %q, want %q", did, test.goes)
				}
			}
			if asked, _, _ := e.run(sh, site.LookForRoom(last)); strings.Contains(asked, "rm ") {
				t.Errorf("a look removes something:\n%s", asked)
			}
		})
	}
}

func TestParseRoomRefuses(t *testing.T) {
	for _, out := range []string{"", "room 1 2 3\n", "room 1 2 3 4\n", "room -1 2 3 4 /x\n", "room a b c d /x\n", "free 1 2 3 4 /x"} {
		if r := ParseRoom([]byte(out)); r != nil {
			t.Errorf("%q is %+v", out, r)
		}
	}
	if r := ParseRoom([]byte("room 1 2 3 4 /var/lib/my docker\x1b[2J\n")); r == nil || r.Ours != 4 || strings.ContainsRune(r.Root, 0x1b) || !strings.HasPrefix(r.Root, "/var/lib/my docker") {
		t.Errorf("got %+v", r)
	}
}

// FuzzParseRoom: whatever a host prints is no room, or a harmless one.
func FuzzParseRoom(f *testing.F) {
	f.Add([]byte("room 1 2 3 4 /var/lib/docker\n"))
	f.Add([]byte("room 1 2 3 4 \x1b[2J"))
	f.Fuzz(func(t *testing.T, out []byte) {
		if r := ParseRoom(out); r != nil && (r.Root == "" || safetext.Clean(r.Root) != r.Root || min(r.Free, r.Needed, r.Ours, int64(r.Freed)) < 0) {
			t.Errorf("%q is %+v", out, *r)
		}
	})
}
