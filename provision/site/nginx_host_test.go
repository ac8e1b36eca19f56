//go:build host

package site

import (
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/kehuo/provision/provision"
)

// TestNginxJudges loads each configuration of testdata/nginx.txtar with nginx itself, on a network of its own, asks the site over
// http and https as the tutorial demands, and compares: what nginx serves as demanded must have no error here. What it does not,
// and is not named here, is listed.
func TestNginxJudges(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/nginx.txtar")
	if err != nil {
		t.Fatal(err)
	}
	sites := map[string]fstest.MapFS{}
	macros := strings.NewReplacer(
		"@tls", "listen 443 ssl; server_name shop.test; ssl_certificate /etc/nginx/cert/site.pem; ssl_certificate_key /etc/nginx/cert/site.key; ssl_session_timeout 10m; ssl_prefer_server_ciphers on;",
		"@redirect", "server { listen 80; server_name shop.test; return 301 https://$host$request_uri; }",
	)
	for _, f := range archive.Files {
		name, file, _ := strings.Cut(f.Name, "/")
		if sites[name] == nil {
			sites[name] = fstest.MapFS{}
		}
		text := macros.Replace(string(f.Data))
		if name == "crlf" {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		sites[name][file] = &fstest.MapFile{Data: []byte(text)}
	}
	if len(sites) < 60 {
		t.Fatalf("%d configurations, want 60", len(sites))
	}
	installed := nginxRoot(t)
	var mu sync.Mutex
	var good, named, warned, missed []string
	t.Run("each", func(t *testing.T) {
		for name, files := range sites {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				ours, severity := examineFolder(t, files)
				served, said := serve(t, installed, files)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case served && severity == provision.SeverityError:
					t.Errorf("nginx serves it as demanded, and it is an error here: %v", ours)
				case served:
					good = append(good, name)
				case severity == provision.SeverityError:
					named = append(named, name)
				case severity == provision.SeverityWarning:
					warned = append(warned, name)
				default:
					missed = append(missed, fmt.Sprintf("%s (%s)", name, said))
				}
			})
		}
	})
	slices.Sort(missed)
	slices.Sort(warned)
	t.Logf("%d configurations: nginx serves %d; of the others %d are errors here, %d warnings: %s", len(sites), len(good), len(named), len(warned), strings.Join(warned, ", "))
	t.Logf("missed, %d:\n%s", len(missed), strings.Join(missed, "\n"))
}

// nginxRoot is where nginx and its stream module are: Debian's packages, taken apart where they are not installed, because an
// installed nginx would take the machine's ports.
func nginxRoot(t *testing.T) string {
	if _, err := os.Stat("/usr/lib/nginx/modules/ngx_stream_module.so"); err == nil {
		return ""
	}
	dir := t.TempDir()
	unpack := exec.CommandContext(t.Context(), "sh", "-ec", "chmod 755 .; apt-get download -q nginx libnginx-mod-stream; for p in *.deb; do dpkg-deb -x $p .; done")
	unpack.Dir = dir
	if out, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("nginx cannot be had: %v\n%s", err, out)
	}
	return dir
}

// examineFolder examines a folder that is copied onto nginx's own image, and returns what is worst.
func examineFolder(t *testing.T, files fstest.MapFS) (codes []string, worst provision.Severity) {
	root := folder(t, map[string]string{
		"Dockerfile": "FROM nginx:1.27\nCOPY nginx/ /etc/nginx/\nCOPY " + pemFile + " /etc/nginx/cert/site.pem\nCOPY " + keyFile + " /etc/nginx/cert/site.key\n",
	})
	for name, f := range files {
		root["nginx/"+name] = f
	}
	s := tutorialSite()
	s.Domain, s.Command = "shop.test", nil
	for _, p := range examine(t, root, s).Problems {
		if p.Step == StepCertificateLines && strings.HasPrefix(p.Finding.Code, "site.certificate-domain") {
			continue // the pair is not that of this domain
		}
		switch p.Finding.Severity {
		case provision.SeverityError:
			worst = provision.SeverityError
			codes = append(codes, fmt.Sprintf("%s:%d %s", p.File, p.Line, p.Finding.Code))
		case provision.SeverityWarning:
			// What works but will hurt is no word on what does not start.
			if worst == "" && !strings.HasPrefix(p.Finding.Code, "site.tls-") {
				worst = provision.SeverityWarning
			}
		}
	}
	return codes, worst
}

const visitScript = `set -u
ip link set lo up || exit 3
nginx -c "$1/etc/nginx/nginx.conf" -p "$1/etc/nginx/" 2>"$1/said" || { grep -m1 emerg "$1/said"; exit 1; }
https=$(curl -s -o /dev/null --max-time 5 --cacert "$1/etc/nginx/cert/site.pem" --resolve shop.test:443:127.0.0.2 -w '%{http_code}' https://shop.test/) || https="none ($?)"
http=$(curl -s -o /dev/null --max-time 5 --resolve shop.test:80:127.0.0.2 -w '%{http_code} %{redirect_url}' http://shop.test/)
kill "$(cat "$1/nginx.pid")"
case $https in none*) echo "https: $https"; exit 1 ;; esac
case $http in 30[12378]' https://'*) exit 0 ;; esac
echo "http: $http"
exit 1
`

// serve has nginx serve the folder, and reports whether the site answers as the tutorial demands, or else what was said.
func serve(t *testing.T, installed string, files fstest.MapFS) (served bool, said string) {
	dir := t.TempDir()
	at := strings.NewReplacer(
		"/etc/nginx/", dir+"/etc/nginx/", "/var/log/nginx", dir, "/var/cache/", dir+"/", "user nginx;", "user root;",
		"worker_processes auto;", "worker_processes 1;", "/usr/lib/nginx", installed+"/usr/lib/nginx", "daemon off;", "",
	)
	write := func(name, text string) {
		file := filepath.Join(dir, "etc/nginx", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	pair := issue(t, nil, func(c *x509.Certificate) {
		c.DNSNames, c.NotBefore, c.NotAfter = []string{"shop.test"}, time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	})
	write("cert/site.pem", pair.pem())
	write("cert/site.key", pair.keyPEM(t))
	write("conf.d/default.conf", stockServer)
	write("mime.types", "types { text/html html; }\n")
	write("fastcgi_params", "fastcgi_param SCRIPT_NAME $fastcgi_script_name;\n")
	write("uwsgi_params", "uwsgi_param REQUEST_METHOD $request_method;\n")
	write("nginx.conf", at.Replace(stockMain))
	for name, f := range files {
		write(name, at.Replace(string(f.Data)))
	}
	main, err := os.ReadFile(filepath.Join(dir, "etc/nginx/nginx.conf"))
	if err != nil {
		t.Fatal(err)
	}
	write("nginx.conf", string(main)+fmt.Sprintf("\npid %s/nginx.pid;\n", dir))
	visit := exec.CommandContext(t.Context(), "unshare", "--net", "sh", "-c", visitScript, "visit", dir)
	visit.Env = append(os.Environ(), "PATH="+installed+"/usr/sbin:"+os.Getenv("PATH"))
	out, err := visit.CombinedOutput()
	said = strings.TrimSpace(string(out))
	if strings.Contains(said, "unshare") || strings.Contains(said, "not found\n") {
		t.Fatalf("nginx cannot be asked here: %s", said)
	}
	return err == nil, said
}
