package inventory

import (
	"strings"
	"testing"
)

// A host renews by itself where it is alone and needs no credentials for that.
func TestWhereAHostMayRenew(t *testing.T) {
	text := func(acme, hosts string) []byte {
		return []byte("site: {name: myweb, source: ., upload: [\".\"], domain: example.com, certificate: acme, acme: {renew: host" + acme + "}}\nhosts: [{address: a.example}" + hosts + "]\n")
	}
	for name, c := range map[string]struct {
		text []byte
		want string
	}{
		"one host, http": {text("", ""), ""},
		"two hosts":      {text("", ", {address: b.example}"), "has every host order a certificate of its own"},
		"by DNS":         {text(", challenge: dns, dns: {provider: alidns, credentials: dns.env}", ""), "leaves the credentials for the DNS on the host"},
	} {
		inv, err := Parse("inventory.yaml", t.TempDir(), c.text)
		switch {
		case c.want == "" && (err != nil || inv.Site.ACME.Renew != RenewHost):
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(english(err), c.want)):
			t.Errorf("%s: %v", name, err)
		}
	}
}
