package inventory

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// siteFolder makes a folder as the tutorial has it, with an empty inventory beside it, and returns the inventory's path.
func siteFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"site/Dockerfile":                  "FROM scratch\n",
		"site/resource/default.conf":       "server {}\n",
		"site/ssl_files/kevinhuo_cool.pem": "pem\n",
		"site/ssl_files/kevinhuo_cool.key": "key\n",
		"id_ed25519":                       "key\n",
		"id_ed25519.pub":                   "ssh-ed25519 AAAA\n",
		".env":                             "# secrets\n\nTOKEN=a b=c\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "inventory.yaml")
}

func load(t *testing.T, text string) (*Inventory, error) {
	t.Helper()
	return loadFrom(t, siteFolder(t), text)
}

func loadFrom(t *testing.T, path, text string) (*Inventory, error) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

const contract = `site:
  name: myweb
  source: ./site                    # folder with the Dockerfile; relative to this file
  upload: ["."]                     # what of it to upload; the tutorial's minimum is [Dockerfile, resource, ssl_files]
  directory: /home/kevin/dev/myweb  # where it lives on the host
  image: myweb_image:server
  container: myweb_https
  ports: ["80:80", "443:443"]
  command: bash ./start.sh
  environment: {}                   # plain values, in the open
  environment_file: .env            # optional: secrets, kept out of argv, logs and plans, 0600 on the host
  volumes: []                       # as docker run -v
  options: []                       # further docker run arguments, one list entry each
  restart: unless-stopped
  domain: kevinhuo.cool
  certificate: ssl_files/kevinhuo_cool.pem   # relative to source
  key: ssl_files/kevinhuo_cool.key
  health: {path: /, status: 200, timeout: 60s}   # what the candidate must answer before it gets the ports
  keep: 3                           # previous releases to keep for rollback
  delete: false                     # remove from the host what is no longer in the source
  server: nginx                     # the product the Server header must name; nginx/1.14.1 pins the version
hosts:
  - name: aliyun
    address: 203.0.113.10           # or an alias from the SSH configuration
    port: 22
    user: kevin
    identity: id_ed25519
    known_hosts: ~/.ssh/known_hosts # optional
`

// An application that sends no Server header, and has none of the tutorial's nginx and its pair.
func TestLoadWithoutServer(t *testing.T) {
	inv, err := load(t, "site:\n  server: \"\"\nhosts:\n  - address: cloud\n")
	if err != nil {
		t.Fatal(err)
	}
	if s := inv.Site; s.Server != "" || s.Certificate != "" || s.Key != "" {
		t.Errorf("the server is %q, the pair %q and %q", s.Server, s.Certificate, s.Key)
	}
	again, err := Parse(inv.File, inv.Dir, annotated(*inv))
	if err != nil || again.Site.Server != "" {
		t.Errorf("written and read again the server is %+v, %v", again, err)
	}
}

func TestLoadContract(t *testing.T) {
	inv, err := load(t, contract)
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults()
	want.Source = filepath.Join(inv.Dir, "site")
	want.EnvironmentFile = filepath.Join(inv.Dir, ".env")
	want.Volumes, want.Options, want.Domain = []string{}, []string{}, "kevinhuo.cool"
	if !reflect.DeepEqual(inv.Site, want) {
		t.Errorf("site:\n%+v\nwant\n%+v", inv.Site, want)
	}
	host := Host{Name: "aliyun", Address: "203.0.113.10", Port: 22, User: "kevin", Identity: filepath.Join(inv.Dir, "id_ed25519"), KnownHosts: filepath.Join(home, ".ssh/known_hosts")}
	if len(inv.Hosts) != 1 || !reflect.DeepEqual(inv.Hosts[0], host) {
		t.Errorf("hosts %+v, want %+v", inv.Hosts, host)
	}
	for field, line := range map[string]int{
		"site": 1, "site.certificate": 16, "site.health.status": 18, "hosts[0].address": 24, "site.log.max_size": 1, "hosts[7]": 22, "nothing": 1,
	} {
		if got := inv.Line(field); got != line {
			t.Errorf("Line(%q) = %d, want %d", field, got, line)
		}
	}
}
