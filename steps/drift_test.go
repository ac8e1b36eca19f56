//go:build host

package steps_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/steps/operate"
)

const directory = "/home/kevin/dev/myweb"

// TestTutorial walks the whole way: an empty host, a live site, a run that finds nothing to do, every kind of drift found and
// mended, and nothing else touched.
func TestTutorial(t *testing.T) {
	t.Parallel()
	c := newCloud(t, sandbox.Options{})
	first := c.mustDeploy()
	if want := "02-directory 06-files 07-build 09-run"; first.changed() != want {
		t.Errorf("the first run changed %q, want %q", first.changed(), want)
	}
	c.settled()

	c.sh("echo mine > %s/notes.txt; chown kevin %s/notes.txt", directory, directory)
	for _, drift := range []struct {
		name, script string
		want         string // the steps that change something
	}{
		{"a stranger's file", "touch " + directory + "/another", ""},
		{"a file edited", "echo '# edited' >> " + directory + "/start.sh", "06-files"},
		{"a file deleted", "rm " + directory + "/resource/default.conf", "06-files"},
		{"a folder deleted", "rm -r " + directory + "/app", "06-files"},
		{"permissions changed", "chmod 666 " + directory + "/ssl_files/kevinhuo_cool.key", "06-files"},
		{"a file replaced by a link", "ln -sf /etc/passwd " + directory + "/Dockerfile", "06-files"},
		{"the image's name removed", "docker rmi myweb_image:server", "07-build"},
		{"the container stopped", "docker stop -t 1 myweb_https", "09-run"},
		{"the container removed", "docker rm -f myweb_https", "09-run"},
		{"the container killed", "docker kill myweb_https", "09-run"},
		{"the container run by hand", "docker rm -f myweb_https; docker run -it -d -p 80:80 -p 443:443 -e BY=hand --name myweb_https myweb_image:server bash ./start.sh", "09-run"},
		{"the container renamed", "docker rename myweb_https mine", "09-run"},
		{"the container off its network", "docker network disconnect bridge myweb_https", "09-run"},
		{"the image and the container removed", "docker rm -f $(docker ps -aq); docker rmi -f $(docker images -q myweb_image)", "07-build 09-run"},
		{"all of it removed", "docker rm -f $(docker ps -aq); rm -rf " + directory + "/app /home/kevin/dev/.myweb.provision", "06-files 09-run"},
	} {
		t.Run(drift.name, func(t *testing.T) {
			c := *c
			c.t = t
			c.sh("%s", drift.script)
			r := c.mustDeploy()
			if r.changed() != drift.want {
				t.Errorf("changed %q, want %q\n%s", r.changed(), drift.want, r.output())
			}
			c.settled()
		})
	}
	if notes := c.sh("cat %s/notes.txt", directory); notes != "mine" {
		t.Errorf("a file that is not ours was changed: %q", notes)
	}

	t.Run("a renewed certificate", func(t *testing.T) {
		c := *c
		c.t = t
		for _, name := range []string{"kevinhuo_cool.pem", "kevinhuo_cool.key"} {
			if err := os.Remove(filepath.Join(c.source, "ssl_files", name)); err != nil {
				t.Fatal(err)
			}
		}
		if err := sandbox.WriteSample(c.source); err != nil { // makes a new pair
			t.Fatal(err)
		}
		if r := c.mustDeploy(); r.changed() != "06-files 07-build 09-run" {
			t.Errorf("changed %q", r.changed())
		}
		c.settled()
	})

	t.Run("down", func(t *testing.T) {
		c := *c
		c.t = t
		if r := c.down(operate.DownOptions{}); r.result.ExitCode != provision.ExitOK {
			t.Fatalf("down failed: %v", r.err())
		}
		if left := c.sh("docker ps -aq"); left != "" {
			t.Errorf("containers are left: %s", left)
		}
		c.sh("test -f %s/Dockerfile", directory)
		if r := c.mustDeploy(); r.changed() != "09-run" {
			t.Errorf("after down, a run changed %q", r.changed())
		}
		c.sh("mv %s/app/templates /srv/elsewhere; ln -s /srv/elsewhere %[1]s/app/templates", directory)
		if r := c.down(operate.DownOptions{Files: true, Images: true}); r.result.ExitCode != provision.ExitOK {
			t.Fatalf("down --files --images failed: %v", r.err())
		}
		if left := c.sh("ls -A %s; docker images -q myweb_image", directory); left != "another\nnotes.txt" {
			t.Errorf("down --files --images leaves %q, want the strangers' files alone", left)
		}
		c.sh("test -f /srv/elsewhere/index.html")
	})
}

// TestBadInputChangesNothing deploys what cannot work: one clear sentence that names the place, and an untouched host.
func TestBadInputChangesNothing(t *testing.T) {
	host := newCloud(t, sandbox.Options{NoBaseImage: true}).host
	untouched := "touch /tmp/mark; sleep 0.01"
	for _, bad := range []struct {
		name  string
		spoil func(c *cloud)
		want  []string // all occur in the error
	}{
		{"no Dockerfile", func(c *cloud) { c.remove("Dockerfile") }, []string{"Dockerfile"}},
		{"a Dockerfile without the lines", func(c *cloud) {
			c.write("Dockerfile", strings.ReplaceAll(c.read("Dockerfile"), "COPY ./ssl_files/", "# COPY ./ssl_files/"))
		}, []string{"Dockerfile", "kevinhuo_cool.pem"}},
		{"a Dockerfile that does not parse", func(c *cloud) { c.write("Dockerfile", "FORM scratch\n") }, []string{"Dockerfile:1"}},
		{"no TLS server", func(c *cloud) { c.write("resource/default.conf", "server { listen 80; }\n") }, []string{"resource/default.conf"}},
		{"an nginx configuration that does not parse", func(c *cloud) { c.write("resource/default.conf", "server { listen 443 ssl;\n") }, []string{"resource/default.conf"}},
		{"an empty certificate", func(c *cloud) { c.write("ssl_files/kevinhuo_cool.pem", "") }, []string{"kevinhuo_cool.pem"}},
		{"a certificate that is a key", func(c *cloud) { c.write("ssl_files/kevinhuo_cool.pem", c.read("ssl_files/kevinhuo_cool.key")) }, []string{"kevinhuo_cool.pem"}},
		{"a key of another certificate", func(c *cloud) {
			other := filepath.Join(t.TempDir(), "other")
			if err := sandbox.WriteSample(other); err != nil {
				t.Fatal(err)
			}
			key, err := os.ReadFile(filepath.Join(other, "ssl_files/kevinhuo_cool.key"))
			if err != nil {
				t.Fatal(err)
			}
			c.write("ssl_files/kevinhuo_cool.key", string(key))
		}, []string{"kevinhuo_cool.key"}},
		{"no certificate", func(c *cloud) { c.remove("ssl_files/kevinhuo_cool.pem") }, []string{"kevinhuo_cool.pem"}},
		{"a domain that is not covered", func(c *cloud) { c.site["domain"] = "example.com" }, []string{"example.com"}},
	} {
		t.Run(bad.name, func(t *testing.T) {
			c := cloudOn(t, host)
			c.sh("%s", untouched)
			bad.spoil(c)
			r := c.deploy()
			if r.result.ExitCode != provision.ExitFailed || r.result.Changed != 0 {
				t.Fatalf("ended with status %d and %d changes: %v", r.result.ExitCode, r.result.Changed, r.err())
			}
			for _, want := range bad.want {
				if !strings.Contains(r.err().Error(), want) {
					t.Errorf("the error does not name %s: %v", want, r.err())
				}
			}
			if touched := c.sh("find /home/kevin -newer /tmp/mark; docker ps -aq; docker images -q"); touched != "" {
				t.Errorf("the host was touched: %s", touched)
			}
		})
	}
}

func (c *cloud) remove(name string) {
	c.t.Helper()
	if err := os.Remove(filepath.Join(c.source, name)); err != nil {
		c.t.Fatal(err)
	}
}
