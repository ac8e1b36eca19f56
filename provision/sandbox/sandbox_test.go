//go:build host

package sandbox

import (
	"archive/tar"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func TestOptionsRefusesWhatCannotWork(t *testing.T) {
	for name, o := range map[string]Options{
		"upper case":     {Name: "Web"},
		"path":           {Name: "../web"},
		"dash in front":  {Name: "-web"},
		"too long":       {Name: strings.Repeat("a", 41)},
		"negative":       {Count: -1},
		"too many":       {Count: MaxCount + 1},
		"line break":     {SSHD: []string{"UsePAM no\nPermitRootLogin yes"}},
		"port":           {Ports: []int{70000}},
		"port twice":     {Ports: []int{443}},
		"shell":          {Shell: "fish"},
		"shell of 20.10": {Engine: "28", System: "fish"},
		"engine":         {Engine: "19.03"},
		"system":         {System: "plan9"},
		"sudo":           {Sudo: 9},
	} {
		t.Run(name, func(t *testing.T) {
			o.Dir = t.TempDir()
			if _, err := o.normalized(); err == nil {
				t.Errorf("%+v was taken", o)
			}
		})
	}
}

func TestOptionsDefaults(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PROVISION_SANDBOX_DIR", dir)
	o, err := Options{}.normalized()
	if err != nil {
		t.Fatal(err)
	}
	if o.Name != "sandbox" || o.Count != 1 || o.Dir != dir || o.Shell != "/bin/bash" {
		t.Errorf("defaults are %+v", o)
	}
	o.Log("no one listens, and that is fine")
	if got := o.hostNames(); !slices.Equal(got, []string{"sandbox"}) {
		t.Errorf("one host is called %q", got)
	}
	o.Count = 3
	if got := o.hostNames(); !slices.Equal(got, []string{"sandbox-1", "sandbox-2", "sandbox-3"}) {
		t.Errorf("three hosts are called %q", got)
	}
}

func TestCreateArgsPublishOnTheAddressAlone(t *testing.T) {
	o := Options{Name: "web", Dir: "/d", Shell: "/bin/sh", Ports: []int{8080}}
	args := createArgs(o, "web-1", "127.0.10.7", "image:1")
	for i, arg := range args {
		if arg == "--publish" && !strings.HasPrefix(args[i+1], "127.0.10.7:") {
			t.Errorf("%s publishes beyond the host's address", args[i+1])
		}
	}
	for _, want := range []string{
		"127.0.10.7:22:22", "127.0.10.7:80:80", "127.0.10.7:443:443", "127.0.10.7:8080:8080",
		"io.provision.sandbox=web-1", "io.provision.sandbox.set=web", "SANDBOX_DOCKER_GROUP=yes",
		"provision-sandbox-web-1:/var/lib/docker",
	} {
		if !slices.Contains(args, want) {
			t.Errorf("%q is not among %q", want, args)
		}
	}
	if slices.Contains(args, "--privileged") {
		t.Error("--privileged fails on machines that lack CAP_SYS_RESOURCE")
	}
}

func TestConfiguration(t *testing.T) {
	archive, err := configuration(Options{SSHD: []string{"MaxSessions 1"}, Sudo: SudoNoPassword}, []byte("ssh-ed25519 AAAA\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	modes := map[string]int64{}
	for r := tar.NewReader(archive); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		got[header.Name], modes[header.Name] = string(content), header.Mode
	}
	if got["etc/ssh/sshd_config.d/10-options.conf"] != "MaxSessions 1\n" {
		t.Errorf("the caller's sshd_config is %q", got["etc/ssh/sshd_config.d/10-options.conf"])
	}
	if !strings.Contains(got["etc/sudoers.d/kevin"], "NOPASSWD") || modes["etc/sudoers.d/kevin"] != 0o440 {
		t.Errorf("sudoers is %q, mode %o", got["etc/sudoers.d/kevin"], modes["etc/sudoers.d/kevin"])
	}
	if got["etc/sandbox/authorized_keys"] != "ssh-ed25519 AAAA\n" || modes["etc/sandbox/init"] != 0o755 {
		t.Errorf("packed %q with modes %v", got, modes)
	}
}

func TestInventoryIsYAML(t *testing.T) {
	text := inventory([]Host{
		{Name: "web-1", Address: "127.0.10.1", Port: 22, User: User, Identity: `/a "b"/id`, KnownHosts: "/a: #b/known_hosts"},
		{Name: "web-2", Address: "127.0.10.2", Port: 22, User: User},
	})
	var parsed struct {
		Site struct {
			Source, Image, Certificate string
			Ports                      []string
		}
		Hosts []struct {
			Name, Address, User, Identity string
			Port                          int
			KnownHosts                    string `yaml:"known_hosts"`
		}
	}
	if err := yaml.Unmarshal([]byte(text), &parsed); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if len(parsed.Hosts) != 2 || parsed.Hosts[0].Identity != `/a "b"/id` || parsed.Hosts[0].KnownHosts != "/a: #b/known_hosts" {
		t.Errorf("hosts are %+v", parsed.Hosts)
	}
	if parsed.Site.Source != "./site" || parsed.Site.Image != "myweb_image:server" || len(parsed.Site.Ports) != 2 {
		t.Errorf("site is %+v", parsed.Site)
	}
}

func TestWriteSample(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	if err := WriteSample(dir); err != nil {
		t.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, sampleCertificate), filepath.Join(dir, sampleKey))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: "kevinhuo.cool", Roots: roots}); err != nil {
		t.Errorf("a client that trusts the certificate refuses it: %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, sampleKey)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's mode is %v, %v", info.Mode(), err)
	}
	dockerfile, err := os.ReadFile(filepath.Join(dir, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"FROM " + BaseImage,
		"COPY ./ssl_files/kevinhuo_cool.pem /etc/nginx/cert/kevinhuo_cool.pem",
		"COPY ./ssl_files/kevinhuo_cool.key /etc/nginx/cert/kevinhuo_cool.key",
	} {
		if !slices.Contains(strings.Split(string(dockerfile), "\n"), line) {
			t.Errorf("the Dockerfile lacks the line %q", line)
		}
	}
}

func TestWriteSampleKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "app", "templates", "index.html")
	if err := WriteSample(dir); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(dir, sampleKey))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, sampleCertificate)); err != nil {
		t.Fatal(err)
	}
	if err := WriteSample(dir); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(page); err != nil || string(text) != "mine" {
		t.Errorf("an edited page became %q, %v", text, err)
	}
	if after, err := os.ReadFile(filepath.Join(dir, sampleKey)); err != nil || string(after) != string(before) {
		t.Errorf("the key was replaced, %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, sampleCertificate)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a certificate that cannot belong to the key was made: %v", err)
	}
}

func TestFreeAddress(t *testing.T) {
	// A port that no host uses, so that hosts that are up do not matter.
	listener, err := net.Listen("tcp4", "127.0.10.2:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ports := []int{listener.Addr().(*net.TCPAddr).Port}
	got, err := freeAddress(t.Context(), map[string]bool{"127.0.10.1": true}, ports)
	if err != nil || got != "127.0.10.3" {
		t.Errorf("got %q, %v; .1 is taken and something listens on .2", got, err)
	}
	all := map[string]bool{}
	for n := range 255 {
		all[net.IPv4(127, 0, 10, byte(n)).String()] = true
	}
	if got, err := freeAddress(t.Context(), all, ports); err == nil {
		t.Errorf("got %q although all are taken", got)
	}
}

func TestRecipesHaveVersions(t *testing.T) {
	r := engines[0].recipe()
	before := r.version()
	if r.version() != before || before == standInRecipe().version() {
		t.Error("a recipe's version must depend on the recipe, and on nothing else")
	}
	r.packages = append(r.packages, "curl")
	if r.version() == before {
		t.Error("another package must give another version")
	}
}

func TestMissingDockerIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := Up(context.Background(), Options{Dir: t.TempDir()})
	var missing *MissingError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "apt-get install --yes docker.io") {
		t.Errorf("got %v", err)
	}
}

func TestMissingDebootstrapIsNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	_, err := rootfs{say: func(string, ...any) {}}.archive(t.Context(), engines[0].recipe())
	var missing *MissingError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "apt-get install --yes mmdebstrap") {
		t.Errorf("got %v", err)
	}
}
