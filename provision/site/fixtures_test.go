package site

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// issued is a certificate with its key.
type issued struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// issue makes a certificate for kevinhuo.cool, good from 10 days before now to 60 after it, signed by parent or by itself.
func issue(t *testing.T, parent *issued, change func(*x509.Certificate)) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "kevinhuo.cool"},
		NotBefore: now.AddDate(0, 0, -10), NotAfter: now.AddDate(0, 0, 60), DNSNames: []string{"kevinhuo.cool"},
	}
	if change != nil {
		change(template)
	}
	return sign(t, template, parent, key)
}

func sign(t *testing.T, template *x509.Certificate, parent *issued, key crypto.Signer) *issued {
	t.Helper()
	above, signer := template, key
	if parent != nil {
		above, signer = parent.certificate, parent.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, above, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{c, key}
}

func authority(t *testing.T, name string, parent *issued) *issued {
	return issue(t, parent, func(c *x509.Certificate) {
		c.Subject.CommonName, c.DNSNames, c.IsCA, c.BasicConstraintsValid, c.KeyUsage = name, nil, true, true, x509.KeyUsageCertSign
	})
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func (i *issued) pem() string { return encode("CERTIFICATE", i.certificate.Raw) }

func (i *issued) keyPEM(t *testing.T) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		t.Fatal(err)
	}
	return encode("PRIVATE KEY", der)
}

const (
	pemFile = "ssl_files/kevinhuo_cool.pem"
	keyFile = "ssl_files/kevinhuo_cool.key"
)

const goodDockerfile = `FROM kehuo/centos8_conda:nginx

COPY ./ssl_files/kevinhuo_cool.pem /etc/nginx/cert/kevinhuo_cool.pem
COPY ./ssl_files/kevinhuo_cool.key /etc/nginx/cert/kevinhuo_cool.key
COPY ./resource/default.conf /etc/nginx/conf.d/default.conf
COPY ./start.sh ./start.sh
CMD ["bash", "./start.sh"]
`

func tutorialSite() Site {
	return Site{
		Certificate: pemFile, Key: keyFile, Domain: "kevinhuo.cool", Server: "nginx", Directory: "/home/kevin/dev/myweb",
		Ports: inventory.DefaultPorts(true), Command: []string{"bash", "./start.sh"},
	}
}

// folder is a site without fault, with some files put in place of its own; "" removes one.
func folder(t *testing.T, files map[string]string) fstest.MapFS {
	t.Helper()
	leaf := issue(t, nil, nil)
	all := map[string]string{
		"Dockerfile": goodDockerfile, "resource/default.conf": testdata(t, "tutorial.conf"), "start.sh": "nginx\ngunicorn app:app\n",
		pemFile: leaf.pem(), keyFile: leaf.keyPEM(t),
	}
	maps.Copy(all, files)
	root := fstest.MapFS{}
	for name, text := range all {
		if text != "" {
			root[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o600}
		}
	}
	return root
}

func testdata(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func examine(t *testing.T, root fstest.MapFS, s Site) Report {
	t.Helper()
	return examineFS(t, root, s)
}

func examineFS(t *testing.T, root fs.FS, s Site) Report {
	t.Helper()
	report := Examine(Read(root, s, now), language.New(language.English))
	for _, p := range report.Problems {
		checkProblem(t, p)
	}
	return report
}

// checkProblem checks what holds for every problem.
func checkProblem(t *testing.T, p Problem) {
	t.Helper()
	f := p.Finding
	if f.Cause == f.Code+".cause" || f.Fix == f.Code+".fix" {
		t.Errorf("%s has no words", f.Code)
	}
	if text := f.Cause + f.Fix; strings.Contains(text, "%!") || strings.Contains(text, "%[") {
		t.Errorf("%s: arguments do not fit: %s %s", f.Code, f.Cause, f.Fix)
	}
	if f.Evidence == "" || strings.ContainsRune(f.Evidence, '\n') {
		t.Errorf("%s: evidence is %q, want one line", f.Code, f.Evidence)
	}
	if strings.Contains(f.Evidence, "PRIVATE KEY-----\n") || p.Edit != nil && strings.Contains(p.Edit.Diff, "PRIVATE KEY") {
		t.Errorf("%s shows a key", f.Code)
	}
	if p.Edit != nil && (p.Edit.Diff == "" || bytes.Equal(p.Edit.Content, nil)) {
		t.Errorf("%s: empty edit", f.Code)
	}
}

// codes lists the problems as "code:line" for those with a line; the informative ones are left out.
func codes(r Report) []string {
	var list []string
	for _, p := range r.Problems {
		if p.Finding.Severity == provision.SeverityInfo {
			continue
		}
		list = append(list, strings.TrimPrefix(p.Finding.Code, "site."))
	}
	slices.Sort(list)
	return list
}

// mend carries all edits out and examines again.
func mend(t *testing.T, root fstest.MapFS, r Report, s Site) Report {
	t.Helper()
	for _, e := range r.Edits() {
		root[e.File] = &fstest.MapFile{Data: e.Content, Mode: 0o600}
	}
	return examine(t, root, s)
}

// ports are published as they are.
func ports(numbers ...int) []inventory.Port {
	var list []inventory.Port
	for _, n := range numbers {
		list = append(list, inventory.Port{Host: n, Container: n, Protocol: "tcp"})
	}
	return list
}
