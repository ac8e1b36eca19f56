// Package acmetest has tests order certificates: from pebble, the test CA of Let's Encrypt, with its server for the DNS. Both are
// programs of their own, built from the modules and run on loopback.
package acmetest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// CA is a CA that runs until the test ends.
type CA struct {
	Directory string // URL
	File      string // trusts its https
	Resolver  string // address:port of its DNS

	t          *testing.T
	management string // URL
	dns        string // URL
	client     http.Client
}

// Refused is a name for which the CA signs nothing.
const Refused = "refused.com"

// Start starts a CA that asks sites at a port for http.
func Start(t *testing.T, httpPort int) *CA {
	t.Helper()
	return StartAt(t, "127.0.0.1", httpPort)
}

// StartAt is Start for a CA that listens on an address of this machine, where containers reach it.
func StartAt(t *testing.T, address string, httpPort int) *CA {
	t.Helper()
	dir := t.TempDir()
	programs := filepath.Join(os.TempDir(), fmt.Sprintf("provision-acmetest-%d", os.Getuid()))
	if err := os.MkdirAll(programs, 0o700); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", programs+"/",
		"github.com/letsencrypt/pebble/v2/cmd/pebble", "github.com/letsencrypt/pebble/v2/cmd/pebble-challtestsrv")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ports := freePorts(t, address, 4)
	at := func(i int) string { return fmt.Sprintf("%s:%d", address, ports[i]) }
	ca := &CA{
		Directory: "https://" + at(0) + "/dir", File: filepath.Join(dir, "ca.pem"), Resolver: at(2), t: t,
		management: "https://" + at(1), dns: "http://" + at(3), client: http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // a test's own
		}},
	}
	writePair(t, address, ca.File, filepath.Join(dir, "ca.key"))
	config, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": at(0), "managementListenAddress": at(1), "certificate": ca.File, "privateKey": filepath.Join(dir, "ca.key"),
		"httpPort": httpPort, "tlsPort": 5001, "domainBlocklist": []string{Refused}, "keyAlgorithm": "ecdsa",
		"retryAfter": map[string]int{"authz": 1, "order": 1},
	}})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "pebble.json"), config, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	ca.run(nil, filepath.Join(programs, "pebble-challtestsrv"), "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "",
		"-dnsserver", at(2), "-management", at(3), "-defaultIPv4", "", "-defaultIPv6", "")
	ca.run([]string{"PEBBLE_VA_NOSLEEP=1", "PEBBLE_AUTHZREUSE=0"}, filepath.Join(programs, "pebble"),
		"-config", filepath.Join(dir, "pebble.json"), "-dnsserver", at(2))
	deadline := time.Now().Add(20 * time.Second)
	for _, url := range []string{ca.dns, ca.Directory, ca.management} {
		for {
			response, err := ca.client.Get(url)
			if err == nil {
				_ = response.Body.Close()
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the CA does not come up: ", err)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return ca
}

// run starts a program that ends with the test, which shows what it said if it fails.
func (ca *CA) run(environment []string, argv ...string) {
	ca.t.Helper()
	var said bytes.Buffer
	ctx, cancel := context.WithCancel(context.Background())
	program := exec.CommandContext(ctx, argv[0], argv[1:]...)
	program.Env = append(os.Environ(), environment...)
	program.Stdout, program.Stderr = &said, &said
	if err := program.Start(); err != nil {
		cancel()
		ca.t.Fatal(err)
	}
	ca.t.Cleanup(func() {
		cancel()
		_ = program.Wait()
		if text := said.String(); ca.t.Failed() {
			ca.t.Logf("%s said:\n%s", filepath.Base(argv[0]), text[max(0, len(text)-4000):])
		}
	})
}

// Lead has the DNS lead a name to addresses.
func (ca *CA) Lead(name string, addresses ...string) {
	ca.t.Helper()
	ca.post(ca.dns+"/clear-a", map[string]any{"host": name + "."})
	ca.post(ca.dns+"/add-a", map[string]any{"host": name + ".", "addresses": addresses})
}

// SetTXT adds a record to the DNS, ClearTXT removes those of a name.
func (ca *CA) SetTXT(name, value string) {
	ca.t.Helper()
	ca.post(ca.dns+"/set-txt", map[string]any{"host": name + ".", "value": value})
}

// ClearTXT removes the records of a name.
func (ca *CA) ClearTXT(name string) {
	ca.t.Helper()
	ca.post(ca.dns+"/clear-txt", map[string]any{"host": name + "."})
}

// SetWindow has the CA want a certificate renewed between two moments.
func (ca *CA) SetWindow(chain []byte, start, end time.Time) {
	ca.t.Helper()
	window, err := json.Marshal(map[string]any{"suggestedWindow": map[string]any{"start": start.UTC(), "end": end.UTC()}})
	if err != nil {
		ca.t.Fatal(err)
	}
	ca.post(ca.management+"/set-renewal-info/", map[string]any{"Certificate": string(chain), "ARIResponse": string(window)})
}

// IsRevoked reports whether the CA has revoked a certificate.
func (ca *CA) IsRevoked(leaf *x509.Certificate) bool {
	ca.t.Helper()
	response, err := ca.client.Get(fmt.Sprintf("%s/cert-status-by-serial/%x", ca.management, leaf.SerialNumber))
	if err != nil {
		ca.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var status struct{ Status string }
	if err := json.NewDecoder(response.Body).Decode(&status); err != nil {
		ca.t.Fatal(err)
	}
	return status.Status == "Revoked"
}

func (ca *CA) post(url string, body any) {
	ca.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		ca.t.Fatal(err)
	}
	response, err := ca.client.Post(url, "application/json", bytes.NewReader(text))
	if err != nil {
		ca.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if said, _ := io.ReadAll(response.Body); response.StatusCode/100 != 2 {
		ca.t.Fatalf("%s: %s %s", url, response.Status, said)
	}
}

func freePorts(t *testing.T, address string, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", address+":0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// writePair makes a self-signed pair for the CA's own https.
func writePair(t *testing.T, address, certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true,
		BasicConstraintsValid: true, IPAddresses: []net.IP{net.ParseIP(address)}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// DNS is the URL at which the DNS takes records: POST /set-txt and /clear-txt.
func (ca *CA) DNS() string { return ca.dns }
