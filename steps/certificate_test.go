//go:build host

package steps_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/certificate/acmetest"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/steps/internal/visitortest"
	"github.com/kehuo/provision/steps/operate"
)

// served is the certificate that the site shows.
func (c *cloud) served() *x509.Certificate {
	c.t.Helper()
	conn, err := tls.Dial("tcp", c.host.Address+":443", &tls.Config{ServerName: "kevinhuo.cool", InsecureSkipVerify: true}) //nolint:gosec // a test's CA
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().PeerCertificates[0]
}

// renew is `provision certificate renew`.
func (c *cloud) renew(force bool) *record {
	c.t.Helper()
	inv := c.load()
	d, err := steps.NewDeployment(c.t.Context(), inv, language.New(language.English), steps.Reading{Remember: true})
	if err == nil {
		err = d.RenewCertificate(force)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return c.run(c.t.Context(), provision.Headless{}, operate.NewRenew(d.NewHost(inv.Hosts[0], false, "test")))
}

// TestObtainedCertificate has a site live from its first deployment on with a certificate of a CA that speaks ACME, and renews it.
func TestObtainedCertificate(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	c := newCloud(t, sandbox.Options{})
	c.pings()
	ca := acmetest.Start(t, 80)
	names := []string{"kevinhuo.cool", "www.kevinhuo.cool"}
	for _, name := range names {
		ca.Lead(name, c.host.Address)
	}
	c.site["certificate"] = "acme"
	c.site["acme"] = fmt.Sprintf("{email: me@example.com, directory: %q, ca_file: %q, names: [%s], dns: {resolvers: [%q]}}", ca.Directory, ca.File, names[1], ca.Resolver)

	plan := c.plan()
	if at := slices.IndexFunc(plan.Changes, func(change provision.Change) bool { return change.Step == steps.CertificateLines }); at < 0 {
		t.Fatalf("the plan is %+v, %v", plan.Changes, plan.Hosts)
	}
	if _, err := steps.Mend(t.Context(), c.load(), language.New(language.English), provision.Headless{}, true, steps.Reading{Remember: true}); err != nil {
		t.Fatal(err)
	}
	if text := c.read("Dockerfile"); strings.Contains(text, "ssl_files") {
		t.Errorf("the Dockerfile still copies the pair:\n%s", text)
	}
	if text := c.read("resource/default.conf"); !strings.Contains(text, "location ^~ /.well-known/acme-challenge/ {") {
		t.Errorf("nginx has no location for challenges:\n%s", text)
	}
	if err := os.RemoveAll(filepath.Join(c.source, "ssl_files")); err != nil {
		t.Fatal(err)
	}
	c.mustDeploy()
	first := c.served()
	if got := slices.Sorted(slices.Values(first.DNSNames)); !slices.Equal(got, names) || !strings.Contains(first.Issuer.CommonName, "Pebble") {
		t.Fatalf("the site shows a certificate for %v of %s", got, first.Issuer)
	}
	if left := c.sh("docker ps -aq --filter label=io.provision.responder; docker images -q provision-edge"); left != "" {
		t.Errorf("the responder left %s", left)
	}
	if modes := c.sh("cd /home/kevin/dev/.myweb.provision && stat -c '%%a %%U' certificate certificate/*"); modes != "700 kevin\n600 kevin\n600 kevin" {
		t.Errorf("the pair's modes are %q", modes)
	}
	c.settled()
	if r := c.renew(false); r.result.ExitCode != 0 || r.result.Changed != 0 {
		t.Errorf("a renewal that is not due changed %d: %v", r.result.Changed, r.err())
	}
	container := c.sh("docker inspect -f '{{.Id}} {{.State.StartedAt}}' myweb_https")

	t.Run("due, with a visitor at the door", func(t *testing.T) {
		c := c.on(t)
		pem := c.sh("cat /home/kevin/dev/.myweb.provision/certificate/*.pem")
		ca.SetWindow([]byte(pem+"\n"), time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour))
		forgetWindow(t)
		c.visitor = visitortest.Build(t)
		c.quietly(func(attempt int) {
			if attempt > 0 { // a machine that is busy otherwise lets requests wait too long
				c.renew(true)
			} else if r := c.mustDeploy(); r.result.Changed != 1 || r.changed() != steps.CertificateLines {
				t.Errorf("changed %d, in %s", r.result.Changed, r.changed())
			}
		})
		if second := c.served(); second.SerialNumber.Cmp(first.SerialNumber) == 0 {
			t.Error("the site shows the same certificate as before")
		}
		if now := c.sh("docker inspect -f '{{.Id}} {{.State.StartedAt}}' myweb_https"); now != container {
			t.Errorf("the container is another one: %s, %s", container, now)
		}
		c.settled()
	})
	t.Run("the DNS leads elsewhere", func(t *testing.T) {
		c := c.on(t)
		before := c.served()
		ca.Lead(names[1], "127.0.77.77")
		defer ca.Lead(names[1], c.host.Address)
		pem := c.sh("cat /home/kevin/dev/.myweb.provision/certificate/*.pem")
		ca.SetWindow([]byte(pem+"\n"), time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour))
		forgetWindow(t)
		if r := c.mustDeploy(); r.result.Changed != 0 || !strings.Contains(r.warnings(), "was not renewed") {
			t.Errorf("a deployment that goes on with the certificate before changed %d and warns %q", r.result.Changed, r.warnings())
		}
		ca.SetWindow([]byte(pem+"\n"), time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour))
		forgetWindow(t)
		r := c.renew(true)
		if provision.CodeOf(r.result.Hosts["cloud"].Err) != "acme.port-closed" || r.result.ExitCode != provision.ExitFailed || r.result.Changed != 0 {
			t.Errorf("status %d, changed %d: %v", r.result.ExitCode, r.result.Changed, r.err())
		}
		if c.served().SerialNumber.Cmp(before.SerialNumber) != 0 {
			t.Error("the certificate before is gone")
		}
		c.settled()
	})
	t.Run("a pair that nginx refuses", func(t *testing.T) {
		c := c.on(t)
		before := c.served()
		file := pairOf(t)
		good, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, weakPair(t, names), 0o600); err != nil {
			t.Fatal(err)
		}
		r := c.deploy()
		if provision.CodeOf(r.result.Hosts["cloud"].Err) != "acme.nginx-refused" || r.result.ExitCode != provision.ExitFailed {
			t.Errorf("status %d: %v", r.result.ExitCode, r.err())
		}
		if c.served().SerialNumber.Cmp(before.SerialNumber) != 0 {
			t.Error("the site shows another certificate")
		}
		if err := os.WriteFile(file, good, 0o600); err != nil {
			t.Fatal(err)
		}
		c.settled()
	})
	t.Run("revoked", func(t *testing.T) {
		c := c.on(t)
		before := c.served()
		d, err := steps.NewDeployment(t.Context(), c.load(), language.New(language.English), steps.Reading{Remember: true})
		if err == nil {
			err = d.RevokeCertificate(t.Context())
		}
		if err != nil || !ca.IsRevoked(before) {
			t.Fatal("not revoked: ", err)
		}
		c.mustDeploy()
		if c.served().SerialNumber.Cmp(before.SerialNumber) == 0 {
			t.Error("the site shows the revoked certificate")
		}
	})
	t.Run("a site that had a pair of its own", func(t *testing.T) {
		t.Setenv("XDG_DATA_HOME", t.TempDir())
		c := c.on(t)
		c.source = filepath.Join(t.TempDir(), "site")
		if err := sandbox.WriteSample(c.source); err != nil {
			t.Fatal(err)
		}
		c.pings()
		acme := c.site
		c.site = map[string]string{"domain": "kevinhuo.cool"}
		c.mustDeploy()
		bought := c.served()
		c.site = acme
		if r := c.deploy(); provision.CodeOf(r.result.Hosts["cloud"].Err) != "acme.not-answering" || r.result.Changed != 0 {
			t.Errorf("changed %d: %v", r.result.Changed, r.err())
		}
		if _, err := steps.Mend(t.Context(), c.load(), language.New(language.English), provision.Headless{}, true, steps.Reading{Remember: true}); err != nil {
			t.Fatal(err)
		}
		c.mustDeploy()
		if now := c.served(); now.SerialNumber.Cmp(bought.SerialNumber) == 0 || !strings.Contains(now.Issuer.CommonName, "Pebble") {
			t.Errorf("the site shows the certificate of %s", now.Issuer)
		}
		c.settled()
	})
}

// quietly renews until no visitor notices, three times at most: whatever else the machine does only adds to what they do.
func (c *cloud) quietly(renew func(attempt int)) {
	c.t.Helper()
	var report visitortest.Report
	for attempt := range 3 {
		v := c.visit(often)
		renew(attempt)
		if report = v.Stop(); len(report.Outages) == 0 && report.Visits >= 50 {
			c.t.Logf("%d visits, none failed, the slowest took %v", report.Visits, report.Slowest)
			return
		}
		if slices.ContainsFunc(report.Outages, func(o visitortest.Outage) bool { return !strings.Contains(o.Why, "deadline exceeded") }) {
			break
		}
	}
	c.t.Errorf("%d visits, out of reach %.500v", report.Visits, report.Outages)
}

// forgetWindow forgets what the CA said of when to renew, as time would.
func forgetWindow(t *testing.T) {
	t.Helper()
	if err := os.Remove(filepath.Join(filepath.Dir(pairOf(t)), "renewal.json")); err != nil {
		t.Fatal(err)
	}
}

// pairOf is the file of the one pair that is kept here.
func pairOf(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(os.Getenv("XDG_DATA_HOME"), "provision", "certificates", "*", "pair.pem"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	return files[0]
}

// weakPair is a pair whose key nginx takes for too short.
func weakPair(t *testing.T, names []string) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), DNSNames: names, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
}
