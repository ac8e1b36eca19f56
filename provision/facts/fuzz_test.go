package facts_test

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/safetext"
)

// harmless checks text that a person will read.
func harmless(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if text != safetext.Clean(text) {
			t.Fatalf("%q can act on a terminal", text)
		}
	}
}

func query() facts.Query {
	return facts.Query{Directory: "/home/kevin/dev/myweb", Container: "myweb_https", Image: "myweb_image:server", Mark: "MARK"}
}

// section is a part of an answer as a host prints it.
func section(name, out string) string { return "MARK " + name + "\n" + out + "\nMARK end 0\n\n" }

// FuzzParse checks that nothing a host answers ends the program or acts on a terminal.
func FuzzParse(f *testing.F) {
	const system = "uid=1000(kevin) gid=1000(kevin)\n1700000000\n/home/kevin\n/home/kevin/dev\nwritable\nwritable\nopen\ndefault\n\n3:/home/kevin/.bashrc\nhost\n1000\n2000"
	f.Add(system, "", "3\n1700000000\n1700000000\n{\"who\":\"a\"}\n", "jobs/build-1\nstopping/myweb\n", 0)
	f.Add("uid=1000(\x1b[31m)\n-1\n\x1b]0;x\x07\n/\nfrozen\nclosed\nnone\nother\n-5\n99999999999999999999", "1000\ndrwxrwxrwx 2 0 0 4096 Jan 1 00:00 /srv\n", "\n", "jobs/../x\n", 30)
	f.Fuzz(func(t *testing.T, system, unsafe, lock, jobs string, cut int) {
		text := section("system", system) + section("unsafe", unsafe) + section("lock", lock) + section("jobs", jobs) + "MARK done\n"
		text = text[:len(text)-max(0, min(cut, len(text)))]
		known, err := query().Parse([]byte(text))
		if err != nil {
			harmless(t, err.Error())
			return
		}
		if known.DiskFree < 0 || known.MemoryFree < 0 {
			t.Fatalf("%d bytes of disk, %d of memory", known.DiskFree, known.MemoryFree)
		}
		harmless(t, append([]string{known.User, known.Home, known.Parent, known.Socket}, append(known.Jobs, known.Stopping...)...)...)
		for _, name := range append(known.Jobs, known.Stopping...) {
			if strings.ContainsAny(name, "/ ") || name[0] == '.' || name[0] == '-' {
				t.Fatalf("the name %q", name)
			}
		}
	})
}

// FuzzParseDocker checks the same of what docker commands print, and that no stranger's container is taken for the site's.
func FuzzParseDocker(f *testing.F) {
	f.Add("0123\tmyweb_https\tmyweb_image:server\tUp 3 minutes\t0.0.0.0:80-81->80-81/tcp, :::443->443/tcp\tmyweb\t/home/kevin/dev/myweb\t0123\n",
		`[{"Id":"0123","Name":"/myweb_https","State":{"Running":true}},{"Id":"sha256:1","RepoTags":["myweb_image:server"]}]`)
	f.Add("\x1b[31m\ta\tb\tUp\t[::%eth0]:1-99999999999->1-99999999999/tcp\t\t\t\n", `[{"State":null},{"RepoTags":[]},{},[],1]`)
	f.Fuzz(func(t *testing.T, list, objects string) {
		known, err := query().ParseDocker([]byte(section("list", list)+section("object", objects)+"MARK done\n"), "host")
		if err != nil {
			return
		}
		for _, c := range known.Containers {
			harmless(t, c.ID, c.Name, c.Image, c.Status, c.Ports, c.Site, c.Directory, c.Release)
			c.Publishes("", 80)
			c.Publishes("127.0.0.1", 443)
		}
		if known.Container != nil && known.Container.BareName() != "myweb_https" {
			t.Fatalf("the container %q", known.Container.Name)
		}
		if known.Image != nil && !known.Image.Tagged("myweb_image:server") {
			t.Fatalf("the image %q", known.Image.RepoTags)
		}
		if known.Container != nil {
			use(known.Container)
		}
	})
}

// use asks of a container what a deployment asks of it.
func use(c *docker.Container) {
	for _, endpoint := range c.PublicEndpoints("internal") {
		endpoint.ConnectOptions()
	}
	c.Serves("internal")
	c.AnyAddress("")
	c.RestartPolicy()
}

// FuzzParsePorts checks that no listener has a port that there is not.
func FuzzParsePorts(f *testing.F) {
	f.Add("State Recv-Q Send-Q Local Address:Port Peer\nLISTEN 0 4096 0.0.0.0:80 0.0.0.0:* users:((\"nginx\",pid=1,fd=6))\nLISTEN 0 1 [::%lo]:22 *:*\n")
	f.Add("tcp 0 0 \x1b[31m:99999999 x users:((\"\x1b]0;a\x07\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, l := range facts.ParsePorts([]byte(text)).Listeners {
			harmless(t, l.Address, l.Process)
			if l.Port < 1 || l.Port > 65535 {
				t.Fatalf("%+v", l)
			}
		}
	})
}
