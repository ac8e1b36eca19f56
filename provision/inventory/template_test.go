package inventory

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func annotated(inv Inventory) []byte { return Template(inv, inEnglish) }

// reload writes the template beside the site's folder and loads it.
func reload(t *testing.T, path string, inv Inventory) *Inventory {
	t.Helper()
	text := annotated(inv)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if !reflect.DeepEqual(got.Site, inv.Site) || !reflect.DeepEqual(got.Hosts, inv.Hosts) {
		t.Fatalf("got\n%+v\n%+v\nwant\n%+v\n%+v\nfrom\n%s", got.Site, got.Hosts, inv.Site, inv.Hosts, text)
	}
	return got
}

func TestTemplateDefaults(t *testing.T) {
	path := siteFolder(t)
	site := Defaults()
	site.Source = filepath.Join(filepath.Dir(path), "site")
	site.Volumes, site.Options = []string{}, []string{}
	inv := Inventory{Dir: filepath.Dir(path), Site: site, Hosts: []Host{{Name: "203.0.113.10", Address: "203.0.113.10"}}}
	reload(t, path, inv)
	for n, line := range strings.Split(string(annotated(inv)), "\n") {
		if len(line) > 125 {
			t.Errorf("line %d has %d characters: %s", n+1, len(line), line)
		}
	}
}

func TestTemplateEverything(t *testing.T) {
	path := siteFolder(t)
	dir := filepath.Dir(path)
	t.Setenv("HOME", dir)
	inv := Inventory{Dir: dir, Hosts: []Host{
		{Name: "one", Address: "2001:db8::1", Port: 2222, User: "root", Identity: filepath.Join(dir, "id_ed25519"), KnownHosts: filepath.Join(dir, "known hosts"), PrepareAs: "ubuntu"},
		{Name: "two", Address: "alias"},
	}}
	inv.Site = Site{
		Name: "true", Source: filepath.Join(dir, "site"), Upload: []string{"Dockerfile", "resource", "ssl_files"},
		Directory: "/srv/my site: \"quoted\" #1", Image: "registry.example:5000/a/b:C", Container: "c1",
		Ports:   []Port{{"127.0.0.1", 8080, 80, "tcp"}, {"::1", 53, 53, "udp"}},
		Command: []string{"sh", "-c", "echo 'a  b' && exec \"$@\"", ""},
		Environment: map[string]string{
			"EMPTY": "", "NULL": "null", "NUMBER": "0755", "TEXT": "line\nline\ttab \\ \"q\" 'q' # {}[] 中文 \u2028 🚀", "no": "off",
		},
		EnvironmentFile: filepath.Join(dir, ".env"), Secrets: SecretsFile, Volumes: []string{"/srv/data:/data:ro,z"}, Options: []string{"--label", "a b=c: d"},
		Restart: "no", Domain: "xn--fsqu00a.xn--fiqs8s", Certificate: "ssl_files/kevinhuo_cool.pem", Key: "ssl_files/kevinhuo_cool.key",
		Health: Health{"/a?b={c},d", 204, "Hello, {world}: #1", 90 * time.Minute / 2}, Keep: 0, Delete: true, Server: "nginx/1.14.1",
		Init: true, Log: Log{"1g", 1}, Cutover: CutoverCold, BuildOn: "two", BaseImages: BaseImagesHere, Mirrors: []string{"https://mirror.example.com:8443/hub"},
		Build: Build{
			File: "resource/default.conf", Context: "resource", Target: "web", Args: map[string]string{"VERSION": "1.10: #2", "DEBUG": "true"},
			Secrets: map[string]string{"npm": filepath.Join(dir, "npm token")}, SSH: map[string]string{"default": filepath.Join(dir, "id_ed25519")},
			Platform: "linux/arm64/v8", Network: "host", CacheFrom: []string{"type=registry,ref=registry.example:5000/myweb:cache"}, Pull: true, NoCache: true,
		},
		Hooks: Hooks{"npm run build && echo {\"ok\"}", "python manage.py migrate", "echo '# done'"},
		ACME: ACME{
			Email: "me@example.com", Challenge: ChallengeDNS, Directory: "https://ca.example:14000/dir", CAFile: filepath.Join(dir, "ca.pem"),
			Names: []string{"*.example.com"}, Renew: RenewHere, DNS: DNS{ProviderAliDNS, filepath.Join(dir, "dns.env"), []string{"127.0.0.1:53"}},
		},
	}
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	check(os.WriteFile(filepath.Join(dir, "npm token"), []byte("npm_0123456789"), 0o600))
	reload(t, path, inv)
}

func TestTemplateOutsideOfFolder(t *testing.T) {
	path := siteFolder(t)
	dir := filepath.Dir(path)
	site := Defaults()
	site.Source, site.Volumes, site.Options, site.Command = filepath.Join(dir, "site"), []string{}, []string{}, nil
	other := t.TempDir()
	inv := Inventory{Dir: other, Site: site, Hosts: []Host{{Name: "a", Address: "b"}}}
	if text := string(annotated(inv)); !strings.Contains(text, "source: "+site.Source) {
		t.Errorf("the source is not written in full:\n%s", text)
	}
	site.Command = []string{}
	inv.Site = site
	reload(t, filepath.Join(other, "inventory.yaml"), inv)
}
