package site

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"io/fs"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kehuo/provision/provision/language"
)

func pair(certificate, key string) map[string]string {
	return map[string]string{pemFile: certificate, keyFile: key}
}

// between is a change of a certificate's validity, given in days from now.
func between(from, to float64) func(*x509.Certificate) {
	day := func(n float64) time.Time { return now.Add(time.Duration(n * float64(24*time.Hour))) }
	return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = day(from), day(to) }
}

func rsaPair(t *testing.T, bits int) map[string]string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	template := issue(t, nil, nil).certificate
	template.SignatureAlgorithm, template.PublicKeyAlgorithm, template.PublicKey = x509.SHA256WithRSA, x509.RSA, nil
	return pair(sign(t, template, nil, key).pem(), encode("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)))
}

func TestPair(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0") // a weak key must be made to be found
	self, other := issue(t, nil, nil), issue(t, nil, nil)
	root := authority(t, "Root", nil)
	middle := authority(t, "Middle", root)
	leaf := issue(t, middle, nil)
	key := self.keyPEM(t)
	ec, err := x509.MarshalECPrivateKey(self.key.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	issued := func(change func(*x509.Certificate)) map[string]string {
		i := issue(t, nil, change)
		return pair(i.pem(), i.keyPEM(t))
	}
	for name, c := range map[string]change{
		"PKCS#8":                 {files: pair(self.pem(), key)},
		"EC":                     {files: pair(self.pem(), encode("EC PRIVATE KEY", ec))},
		"EC with parameters":     {files: pair(self.pem(), encode("EC PARAMETERS", []byte{6, 5})+encode("EC PRIVATE KEY", ec))},
		"RSA":                    {files: rsaPair(t, 2048)},
		"weak RSA":               {files: rsaPair(t, 1024), want: []string{"key-weak"}},
		"text around the PEM":    {files: pair("Bag Attributes\n"+strings.ReplaceAll(self.pem(), "\n", "\r\n"), "key:\n"+key)},
		"chain":                  {files: pair(leaf.pem()+middle.pem(), leaf.keyPEM(t))},
		"chain with root":        {files: pair(leaf.pem()+middle.pem()+root.pem(), leaf.keyPEM(t))},
		"chain incomplete":       {files: pair(leaf.pem(), leaf.keyPEM(t)), want: []string{"chain-incomplete"}},
		"chain out of order":     {files: pair(leaf.pem()+root.pem()+middle.pem(), leaf.keyPEM(t)), want: []string{"chain-order"}},
		"leaf last":              {files: pair(middle.pem()+leaf.pem(), leaf.keyPEM(t)), want: []string{"chain-leaf-not-first", "chain-order"}},
		"certificate missing":    {files: pair("", key), want: []string{"file-missing"}},
		"certificate empty":      {files: pair("\n", key), want: []string{"file-empty"}},
		"key missing":            {files: pair(self.pem(), ""), want: []string{"file-missing"}},
		"key empty":              {files: pair(self.pem(), " \n"), want: []string{"file-empty"}},
		"exchanged":              {files: pair(key, self.pem()), want: []string{"certificate-is-key", "key-is-certificate"}},
		"key in the certificate": {files: pair(self.pem()+key, key), want: []string{"certificate-has-key"}},
		"mismatch":               {files: pair(self.pem(), other.keyPEM(t)), want: []string{"key-mismatch"}},
		"DER":                    {files: pair(string(self.certificate.Raw), string(ec)), want: []string{"key-der", "pair-der"}},
		"PKCS#12":                {files: pair("\x30\x82\x0a\x11\x02\x01\x03\x30\x82", key), want: []string{"pair-pkcs12"}},
		"request":                {files: pair(encode("CERTIFICATE REQUEST", []byte{1}), key), want: []string{"certificate-request"}},
		"no certificate inside":  {files: pair(encode("DH PARAMETERS", []byte{1}), key), want: []string{"certificate-none"}},
		"certificate broken":     {files: pair(encode("CERTIFICATE", self.certificate.Raw[:100]), key), want: []string{"certificate-broken"}},
		"not PEM":                {files: pair("hello", "hello"), want: []string{"certificate-no-pem", "key-no-pem"}},
		"cut off":                {files: pair(self.pem()[:200], key), want: []string{"certificate-no-pem"}},
		"key encrypted":          {files: pair(self.pem(), encode("ENCRYPTED PRIVATE KEY", []byte{1})), want: []string{"key-encrypted"}},
		"key encrypted, old":     {files: pair(self.pem(), "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"), want: []string{"key-encrypted"}},
		"SSH key":                {files: pair(self.pem(), encode("OPENSSH PRIVATE KEY", []byte{1})), want: []string{"key-openssh"}},
		"public key":             {files: pair(self.pem(), encode("PUBLIC KEY", []byte{1})), want: []string{"key-public"}},
		"no key inside":          {files: pair(self.pem(), encode("DH PARAMETERS", []byte{1})), want: []string{"key-none"}},
		"key broken":             {files: pair(self.pem(), encode("PRIVATE KEY", []byte{1, 2, 3})), want: []string{"key-broken"}},
		"expired":                {files: issued(between(-90, -1)), want: []string{"certificate-expired"}},
		"expired a moment ago":   {files: issued(between(-90, -0.001)), want: []string{"certificate-expired"}},
		"not yet valid":          {files: issued(between(1, 90)), want: []string{"certificate-not-yet"}},
		"6 days left":            {files: issued(between(-80, 6.9)), want: []string{"certificate-expires-now"}},
		"7 days left":            {files: issued(between(-80, 7.1)), want: []string{"certificate-expires-soon"}},
		"29 days left":           {files: issued(between(-60, 29.9)), want: []string{"certificate-expires-soon"}},
		"30 days left":           {files: issued(between(-60, 30.1))},
		"other domain":           {files: issued(func(c *x509.Certificate) { c.DNSNames = []string{"example.com", "www.example.com"} }), want: []string{"certificate-domain"}},
		"wildcard":               {files: issued(func(c *x509.Certificate) { c.DNSNames = []string{"*.kevinhuo.cool"} }), site: func(s *Site) { s.Domain = "www.kevinhuo.cool" }},
		"wildcard, bare domain":  {files: issued(func(c *x509.Certificate) { c.DNSNames = []string{"*.kevinhuo.cool"} }), want: []string{"certificate-domain"}},
		"no names":               {files: issued(func(c *x509.Certificate) { c.DNSNames = nil }), want: []string{"certificate-no-names"}},
		"domain not checked":     {files: issued(func(c *x509.Certificate) { c.DNSNames = nil }), site: func(s *Site) { s.Domain = "" }},
		"address":                {files: issued(func(c *x509.Certificate) { c.DNSNames, c.IPAddresses = nil, []net.IP{net.IPv4(203, 0, 113, 10)} }), site: func(s *Site) { s.Domain = "203.0.113.10" }},
	} {
		t.Run(name, func(t *testing.T) {
			report := c.run(t)
			for _, p := range report.Problems {
				text := p.Finding.Cause + p.Finding.Evidence + p.Finding.Fix
				for line := range strings.Lines(c.files[keyFile]) {
					if line = strings.TrimSpace(line); len(line) > 40 && !strings.HasPrefix(line, "-----") && strings.Contains(text, line) {
						t.Errorf("%s shows the key", p.Finding.Code)
					}
				}
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	root := folder(t, nil)
	root[keyFile] = &fstest.MapFile{Mode: fs.ModeDir | 0o700}
	root[pemFile].Data = make([]byte, maxFile+1)
	if got, want := codes(examine(t, root, tutorialSite())), []string{"file-folder", "file-large"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

func TestKeyMode(t *testing.T) {
	root := folder(t, nil)
	root[keyFile].Mode = 0o644
	report := examine(t, root, tutorialSite())
	if !slices.ContainsFunc(report.Problems, func(p Problem) bool { return p.Finding.Code == "site.key-mode" && p.Finding.Evidence == "-rw-r--r--" }) {
		t.Errorf("nothing says that others can read the key: %+v", report.Problems)
	}
}

func TestWordsInEveryLanguage(t *testing.T) {
	root := folder(t, map[string]string{"Dockerfile": from + "\n", "resource/default.conf": testdata(t, "commented.conf"), pemFile: "x"})
	for _, tag := range language.Tags() {
		for _, p := range Examine(Read(root, tutorialSite(), now), language.New(tag)).Problems {
			checkProblem(t, p)
		}
	}
}

// FuzzExamine checks that nothing in a site's files ends the program, and that edits mend what they are for.
func FuzzExamine(f *testing.F) {
	f.Add(goodDockerfile, tlsPart+redirect, "ssl_files\n", "", "")
	f.Add("FROM a AS b\nCOPY --from=b . .\n", "server { listen 80 }", "!*", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "x")
	f.Add("FROM a\nENV A=$A${A:-$A}\nCOPY $A ${A}\nRUN <<E\nE\n", "; server {\n;}", "[", "", "")
	f.Add("# escape=`\nFROM a\nCOPY a `\n b\n", "#server {\n#listen 443 ssl;\n#}", "a/**", "", "")
	der, err := hex.DecodeString("308201020103")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("FROM \"\nCOPY [\"a\", \"b\"\n", "a_by_lua_block {'", "", string(der), string(der))
	f.Fuzz(func(t *testing.T, dockerfile, config, ignore, certificate, key string) {
		root := fstest.MapFS{}
		for name, text := range map[string]string{
			"Dockerfile": dockerfile, "resource/default.conf": config, ".dockerignore": ignore, pemFile: certificate, keyFile: key, "start.sh": "a\n",
		} {
			root[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o600}
		}
		report := Examine(Read(root, tutorialSite(), now), language.New(language.English))
		for _, p := range report.Problems {
			if p.Finding.Cause == "" || p.Finding.Fix == "" || strings.ContainsRune(p.Finding.Evidence, '\n') || p.Line < 0 {
				t.Fatalf("%+v", p)
			}
		}
		for _, e := range report.Edits() {
			root[e.File] = &fstest.MapFile{Data: e.Content, Mode: 0o600}
		}
		Examine(Read(root, tutorialSite(), now), language.New(language.Chinese))
	})
}
