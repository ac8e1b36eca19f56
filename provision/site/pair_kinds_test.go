package site

import (
	"encoding/pem"
	"slices"
	"strings"
	"testing"
)

// What OpenSSL reads and Go does not is a warning; how a chain is wrong is named.
func TestPairsAsOpenSSLReadsThem(t *testing.T) {
	root := authority(t, "Root", nil)
	middle := authority(t, "Middle", root)
	leaf := issue(t, middle, nil)
	old := *middle.certificate
	old.NotAfter = now.AddDate(0, 0, -1)
	expired := sign(t, &old, root, middle.key)
	raw := slices.Clone(leaf.certificate.Raw)
	at := strings.Index(string(raw), "\x02\x08")
	if at < 0 {
		t.Fatal("no serial number of eight bytes")
	}
	raw[at+2] |= 0x80 // which makes the number negative
	for name, c := range map[string]struct {
		certificate string
		want        []string
	}{
		"chain":            {leaf.pem() + middle.pem(), nil},
		"with its root":    {leaf.pem() + middle.pem() + root.pem(), nil}, // to know
		"leaf twice":       {leaf.pem() + leaf.pem() + middle.pem(), []string{"chain-twice"}},
		"expired":          {leaf.pem() + expired.pem(), []string{"chain-expired"}},
		"glued":            {strings.TrimSpace(leaf.pem()) + middle.pem(), []string{"pair-glued"}},
		"negative serial":  {encode("CERTIFICATE", raw) + middle.pem(), []string{"certificate-unchecked"}},
		"trusted":          {encode("TRUSTED CERTIFICATE", append(slices.Clone(leaf.certificate.Raw), 0x30, 0x00)) + middle.pem(), []string{"certificate-trusted"}},
		"X509 CERTIFICATE": {encode("X509 CERTIFICATE", leaf.certificate.Raw) + middle.pem(), nil},
		"not whole":        {encode("CERTIFICATE", leaf.certificate.Raw[:100]), []string{"certificate-broken"}},
	} {
		t.Run(name, func(t *testing.T) {
			report := change{files: map[string]string{pemFile: c.certificate, keyFile: leaf.keyPEM(t)}, want: c.want}.run(t)
			if block, _ := pem.Decode([]byte(c.certificate)); block != nil && !slices.Contains(c.want, "certificate-broken") && (report.Pair.SHA256 == "" || report.Pair.NotAfter.IsZero() || len(report.Pair.Names) != 1) {
				t.Errorf("the pair is %+v", report.Pair)
			}
		})
	}
	t.Run("key that Go does not know", func(t *testing.T) {
		change{files: map[string]string{pemFile: leaf.pem() + middle.pem(), keyFile: encode("PRIVATE KEY", []byte{0x30, 0x03, 0x02, 0x01, 0x00})}, want: []string{"key-unchecked"}}.run(t)
	})
}
