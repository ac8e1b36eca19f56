package setup_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/setup"
	"github.com/kehuo/provision/provision/site"
)

// What init writes by itself for a site that nginx serves, doctor finds no error in: for each configuration of site/testdata that is
// not there for its fault.
func TestDoctorAcceptsWhatInitWrites(t *testing.T) {
	archive, err := txtar.ParseFile("../site/testdata/nginx.txtar")
	if err != nil {
		t.Fatal(err)
	}
	macros := strings.NewReplacer(
		"@tls", "listen 443 ssl; server_name shop.test; ssl_certificate /etc/nginx/cert/site.pem; ssl_certificate_key /etc/nginx/cert/site.key;",
		"@redirect", "server { listen 80; server_name shop.test; return 301 https://$host$request_uri; }",
	)
	certificate, key := pair(t, "shop.test")
	words := language.New(language.English)
	sites := map[string]string{} // name -> folder
	for _, f := range archive.Files {
		name, file, _ := strings.Cut(f.Name, "/")
		if strings.HasPrefix(name, "broken") {
			break
		}
		if sites[name] == "" {
			sites[name] = t.TempDir()
			write(t, sites[name], "Dockerfile", "FROM nginx:1.27\nCOPY nginx/ /etc/nginx/\nCOPY tls/site.pem tls/site.key /etc/nginx/cert/\n")
			write(t, sites[name], "tls/site.pem", certificate)
			write(t, sites[name], "tls/site.key", key)
		}
		write(t, sites[name], "nginx/"+file, macros.Replace(string(f.Data)))
	}
	if len(sites) < 40 {
		t.Fatalf("only %d sites", len(sites))
	}
	for name, dir := range sites {
		s := setup.Setup{File: filepath.Join(dir, "inventory.yaml"), Words: words}
		if err := s.Write(setup.Answers{setup.Address: "203.0.113.10"}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		inv, err := inventory.Load(s.File)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		report := site.Examine(site.Read(os.DirFS(inv.Site.Source), site.Of(inv.Site), time.Now()), words)
		for _, p := range report.Problems {
			if p.Finding.Severity == provision.SeverityError {
				t.Errorf("%s with ports %v, domain %q, %s: %s:%d %s", name, inv.Site.Ports, inv.Site.Domain, inv.Site.Certificate, p.File, p.Line, p.Finding.Cause)
			}
		}
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// pair is a certificate of a domain and its key, in PEM.
func pair(t *testing.T, domain string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: domain}, DNSNames: []string{domain}, NotAfter: time.Now().AddDate(0, 3, 0)}
	der, err := x509.CreateCertificate(rand.Reader, leaf, leaf, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}
