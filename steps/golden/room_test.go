package golden

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
)

// grown is a lab on whose host there are the live release and three earlier ones, and another site.
func grown(t *testing.T) *lab {
	l := newRecordedLab(t)
	for _, word := range []string{"third", "fourth"} {
		l.next(word)
		l.mustDeploy()
		l.awaitStopped()
	}
	l.Docker.Do(t, "tag", "myweb_image:server", "theirs:1")
	l.Docker.Do(t, "create", "--name", "myweb_https-mine", "theirs:1")
	return l
}

// next changes the site.
func (l *lab) next(word string) {
	l.t.Helper()
	check(l.t, os.WriteFile(filepath.Join(l.source, "app/templates", word+".html"), []byte(word), 0o644))
}

// free has df tell that so many MB are free, and more once a container is gone.
func (l *lab) free(mb, each int) {
	l.t.Helper()
	l.Command(l.t, "df", fmt.Sprintf(`n=$(docker ps -a --format '{{.Names}}' | grep -c '^myweb_https-[0-9a-f]*$')
		echo Filesystem 1024-blocks Used Available Capacity Mounted; echo /dev/vda 1 1 $((%d * 1000000 / 1024 + (3 - n) * %d * 1000000 / 1024)) 99%% /`, mb, each))
}

func (l *lab) earlier() []string {
	return slices.DeleteFunc(l.Docker.Names(), func(name string) bool { return !strings.HasPrefix(name, "myweb_https-") || name == "myweb_https-mine" })
}

func (r *record) finding(code string) *provision.Finding {
	for _, e := range r.events {
		if f, ok := e.Body.(provision.Finding); ok && f.Code == code {
			return &f
		}
	}
	return nil
}

// TestRoomForABuild: earlier releases go before a build that would find no room, but for the newest one.
func TestRoomForABuild(t *testing.T) {
	for _, test := range []struct {
		name       string
		free, each int // MB
		left       int // earlier releases before the new one is live
		warns      bool
	}{
		{"enough", 900, 0, 3, false},
		{"enough beside what is shared", 700, 0, 3, false},
		{"one goes", 400, 300, 2, false},
		{"not enough in any case", 100, 100, 1, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := grown(t)
			before := l.earlier()
			if len(before) != 3 {
				t.Fatalf("the lab has the earlier releases %q", before)
			}
			l.next("fifth")
			l.free(test.free, test.each)
			l.Docker.Refuse(9, "docker build", "nothing is built here")
			r := l.deploy()
			if left := l.earlier(); len(left) != test.left || !slices.Contains(left, "myweb_https-"+liveBefore(l)) {
				t.Errorf("left are %q of %q", left, before)
			}
			if f := r.finding("build.room"); (f != nil) != test.warns {
				t.Errorf("it says %+v", f)
			}
			if names := l.Docker.Names(); !slices.Contains(names, "myweb_https*") || !slices.Contains(names, "myweb_https-mine") {
				t.Errorf("there are %q", names)
			}
			l.Docker.Do(t, "image", "inspect", "theirs:1")
		})
	}
}

// liveBefore is the release that was live before the one that is.
func liveBefore(l *lab) string { return l.overview().Earlier[0] }

// TestBuildOnAFullDisk names the disk, and goes well once there is room.
func TestBuildOnAFullDisk(t *testing.T) {
	l := newRecordedLab(t)
	l.next("third")
	l.Docker.Refuse(1, "docker build --force-rm", "write /var/lib/docker/tmp/x: no space left on device")
	r := l.deploy()
	f := r.finding("build.no-room")
	if r.result.ExitCode != provision.ExitFailed || f == nil || r.finding("build.disk-full") == nil && r.finding("docker.disk-full") == nil {
		t.Fatalf("it ended with status %d and said %+v", r.result.ExitCode, f)
	}
	if !slices.Contains(l.Docker.Names(), "myweb_https*") {
		t.Errorf("there are %q", l.Docker.Names())
	}
	l.mustDeploy()
}

// TestUploadToAFullDisk names the disk too.
func TestUploadToAFullDisk(t *testing.T) {
	l := newRecordedLab(t)
	l.next("third")
	l.Command(t, "mv", `case $* in */app/templates*) echo "mv: cannot move: No space left on device" >&2; exit 1 ;; esac; exec /bin/mv "$@"`)
	r := l.deploy()
	if f := r.finding("files.no-room"); r.result.ExitCode != provision.ExitFailed || f == nil {
		t.Fatalf("it ended with status %d and said %+v: %v", r.result.ExitCode, f, r.result.Hosts)
	}
	l.Command(t, "mv", `exec /bin/mv "$@"`)
	l.mustDeploy()
}

// TestKeepSize: earlier releases go that take more room than they may, however few they are.
func TestKeepSize(t *testing.T) {
	for _, test := range []struct {
		size string
		left int
	}{{"1300m", 2}, {"700m", 1}, {"1k", 0}} {
		t.Run(test.size, func(t *testing.T) {
			l := grown(t)
			l.edit("inventory.yaml", "  domain:", "  keep_size: "+test.size+"\n  domain:")
			l.next("fifth")
			l.mustDeploy()
			l.awaitStopped()
			if left := l.earlier(); len(left) != test.left {
				t.Errorf("left are %q", left)
			}
			if names := l.Docker.Names(); !slices.Contains(names, "myweb_https-mine") {
				t.Errorf("there are %q", names)
			}
			images := strings.Fields(l.Docker.Do(t, "image", "ls", "-q", "--filter", "label=io.provision.site=myweb"))
			if want := 1 + max(test.left, 1); len(images) != want { // the live one, and the previous one, which somebody else has named as well
				t.Errorf("there are %d images, want %d", len(images), want)
			}
			l.mustDeploy()
		})
	}
}
