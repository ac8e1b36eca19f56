package renewal

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/certificate"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/probe"
)

func newPair(t *testing.T, serial int64) certificate.Pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), DNSNames: []string{"example.com"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := certificate.ParsePair(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: text}))
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// A pair that the site does not show goes back, as does one that nginx refuses; what was there before is there again.
func TestAPairThatIsNotServedGoesBack(t *testing.T) {
	dir := t.TempDir()
	// It stands in for docker exec CONTAINER nginx.
	nginx := filepath.Join(dir, "docker")
	if err := os.WriteFile(nginx, []byte("#!/bin/sh\n[ ! -e "+dir+"/refuse ] || { echo 'nginx: [emerg] too weak'; exit 1; }\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	before, after := newPair(t, 1), newPair(t, 2)
	site := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	shown := before
	site.TLS = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { //nolint:gosec // a test's
		loaded, err := tls.X509KeyPair(shown.Chain, []byte(shown.Key.Reveal()))
		return &tls.Config{Certificates: []tls.Certificate{loaded}}, err //nolint:gosec // a test's
	}}
	site.Config.ErrorLog = log.New(io.Discard, "", 0)
	site.StartTLS()
	t.Cleanup(site.Close)
	service := Service{
		Host: machine{}, Name: "host", Container: "myweb", Place: Place{filepath.Join(dir, "pair"), "a.pem", "a.key", filepath.Join(dir, "challenges")},
		Demands: probe.Demands{
			Ports:  []inventory.Port{{Host: site.Listener.Addr().(*net.TCPAddr).Port, Container: 443, Protocol: "tcp"}},
			Health: inventory.Health{Path: "/", Status: http.StatusOK}, Domain: "example.com", TLS: true,
		},
	}
	if err := service.Bring(t.Context(), before); err != nil { // nothing runs yet
		t.Fatal(err)
	}
	service.Up = true
	lies := func(p certificate.Pair) bool {
		got, err := readPair(service.Place)
		return err == nil && got.Fingerprint() == p.Fingerprint() && got.Key.Reveal() == p.Key.Reveal()
	}
	bring := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		return service.Bring(ctx, after)
	}
	if err := bring(); provision.CodeOf(err) != "acme.not-served" || !lies(before) {
		t.Errorf("the pair before is back: %v; %v", lies(before), err)
	}
	if err := os.WriteFile(filepath.Join(dir, "refuse"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := bring(); provision.CodeOf(err) != "acme.nginx-refused" || !strings.Contains(err.Error(), "too weak") || !lies(before) {
		t.Errorf("the pair before is back: %v; %v", lies(before), err)
	}
	if err := os.Remove(filepath.Join(dir, "refuse")); err != nil {
		t.Fatal(err)
	}
	shown = after
	if err := bring(); err != nil || !lies(after) {
		t.Errorf("the pair lies there: %v; %v", lies(after), err)
	}
	entries, err := os.ReadDir(service.Place.Folder)
	if err != nil || len(entries) != 2 {
		t.Errorf("left: %v, %v", entries, err)
	}
}
