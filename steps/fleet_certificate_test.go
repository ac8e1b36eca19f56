//go:build host

package steps_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/certificate/acmetest"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/sandbox"
	"github.com/kehuo/provision/provision/sandbox/sandboxtest"
	"github.com/kehuo/provision/steps"
)

// fleet deploys to all hosts.
func (c *cloud) fleet() *record {
	c.t.Helper()
	r := c.deployTo("cloud", "second")
	if r.result.ExitCode != provision.ExitOK {
		c.t.Fatalf("the deployment failed with status %d: %v\n%s", r.result.ExitCode, r.result.Hosts, r.output())
	}
	return r
}

// records is a web service that puts records into the CA's DNS, and the file with its credentials.
func records(t *testing.T, ca *acmetest.CA) (credentials string) {
	t.Helper()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var message struct{ FQDN, Value string }
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if name := strings.TrimSuffix(message.FQDN, "."); r.URL.Path == "/present" {
			ca.SetTXT(name, message.Value)
		} else {
			ca.ClearTXT(name)
		}
	}))
	t.Cleanup(service.Close)
	credentials = filepath.Join(t.TempDir(), "dns.env")
	if err := os.WriteFile(credentials, []byte("HTTPREQ_ENDPOINT="+service.URL+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return credentials
}

// TestACertificateOfManyHosts has one certificate for all hosts, each of which the CA may ask, and another site beside it on one of them
// with its own.
func TestACertificateOfManyHosts(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	c := newCloud(t, sandbox.Options{})
	c.others = []sandbox.Host{sandboxtest.Host(t, sandbox.Options{})}
	second := *c
	second.host = c.others[0]
	c.pings()
	ca := acmetest.Start(t, 80)
	ca.Lead("kevinhuo.cool", c.host.Address, second.host.Address)
	c.site["certificate"] = "acme"
	c.site["acme"] = fmt.Sprintf("{directory: %q, ca_file: %q, dns: {resolvers: [%q]}}", ca.Directory, ca.File, ca.Resolver)
	if _, err := steps.Mend(t.Context(), c.load(), language.New(language.English), provision.Headless{}, true, steps.Reading{Remember: true}); err != nil {
		t.Fatal(err)
	}
	one := func() string {
		t.Helper()
		serial := c.served().SerialNumber
		if other := second.served().SerialNumber; other.Cmp(serial) != 0 {
			t.Errorf("the hosts show the certificates %x and %x", serial, other)
		}
		return serial.Text(16)
	}
	c.fleet()
	first := one()
	if r := c.fleet(); r.result.Changed != 0 {
		t.Errorf("a second run changed %d things, in %s", r.result.Changed, r.changed())
	}

	ca.SetWindow([]byte(c.sh("cat /home/kevin/dev/.myweb.provision/certificate/*.pem")+"\n"), time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour))
	forgetWindow(t)
	if r := c.fleet(); r.result.Changed != 2 {
		t.Errorf("a renewal changed %d things, in %s", r.result.Changed, r.changed())
	}
	if one() == first {
		t.Error("the certificate was not renewed")
	}

	t.Run("another site on the same host", func(t *testing.T) {
		c := c.on(t)
		beside := cloudOn(t, c.host)
		beside.name = "beside"
		for name, value := range map[string]string{
			"directory": "/home/kevin/dev/beside", "container": "beside_https", "image": "beside:server", "ports": `["127.0.0.1:8080:80", "127.0.0.1:8443:443"]`,
			"domain": "beside.example.com", "certificate": "acme",
			"acme": fmt.Sprintf("{directory: %q, ca_file: %q, names: [\"*.beside.example.com\", example.org], challenge: dns, dns: {provider: httpreq, credentials: %q, resolvers: [%q]}}",
				ca.Directory, ca.File, records(t, ca), ca.Resolver),
		} {
			beside.site[name] = value
		}
		if _, err := steps.Mend(t.Context(), beside.load(), language.New(language.English), provision.Headless{}, true, steps.Reading{Remember: true}); err != nil {
			t.Fatal(err)
		}
		before := one()
		beside.mustDeploy() // and so its own certificate is what it shows
		beside.settled()
		own := beside.sh("cat /home/kevin/dev/.beside.provision/certificate/*.pem")
		if own == c.sh("cat /home/kevin/dev/.myweb.provision/certificate/*.pem") || one() != before {
			t.Error("one site has the certificate of the other")
		}
		if r := c.fleet(); r.result.Changed != 0 {
			t.Errorf("the first site was changed: %s", r.changed())
		}
	})
}
