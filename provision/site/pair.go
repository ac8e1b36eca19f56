package site

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
)

// Pair is what the certificate says of itself. It is the zero value where the file has no certificate.
type Pair struct {
	NotBefore, NotAfter time.Time
	Names               []string // that the certificate covers: DNS names and IP addresses
	SHA256              string   // fingerprint of the leaf, in lower-case hexadecimal
	SelfSigned          bool
	RenewAt             time.Time // when the program renews it; zero for a pair of the site's own
	Certificates        int       // in the file: the leaf and its chain
}

// DaysLeft is how many whole days the certificate is still valid at the time; negative once it has expired.
func (p Pair) DaysLeft(now time.Time) int {
	left := p.NotAfter.Sub(now)
	days := int(left / (24 * time.Hour))
	if left < 0 {
		days--
	}
	return days
}

// The days before its end at which a certificate is worth a warning, and an urgent one. Let's Encrypt renews at 30.
const (
	renewDays  = 30
	urgentDays = 7
)

// minRSA is the shortest RSA key, in bits, that browsers accept (CA/Browser Forum baseline requirements, 6.1.5).
const minRSA = 2048

// pair examines the certificate and the key.
func (x *examiner) pair() {
	if !x.tls() || x.in.Site.obtained() {
		return
	}
	certificates := x.certificates()
	key := x.key()
	if len(certificates) == 0 {
		return
	}
	leaf := x.leaf(certificates, key)
	fingerprint := sha256.Sum256(leaf.Raw)
	x.report.Pair = Pair{
		NotBefore: leaf.NotBefore, NotAfter: leaf.NotAfter, Names: namesOf(leaf),
		SHA256: hex.EncodeToString(fingerprint[:]), SelfSigned: selfSigned(leaf), Certificates: len(certificates),
	}
	x.validity(leaf)
	x.domain(leaf)
	x.chain(certificates)
	x.strength(leaf)
}

// inPair is a file of the pair as a place. What a key file holds is never evidence.
func inPair(f File, evidence string) place {
	if evidence == "" {
		evidence = f.Path
	}
	return place{step: StepCertificateLines, file: f.Path, evidence: evidence}
}

func (x *examiner) certificates() []*x509.Certificate {
	f := x.in.Certificate
	if !x.readable(f, StepCertificateLines) {
		return nil
	}
	blocks := x.blocks(f)
	if len(blocks) == 0 {
		x.notPEM(f, "certificate")
		return nil
	}
	var list []*x509.Certificate
	for _, b := range blocks {
		header := "-----BEGIN " + b.Type + "-----"
		switch {
		case isCertificate(b.Type):
			if b.Type == "TRUSTED CERTIFICATE" {
				x.add(inPair(f, header), provision.SeverityWarning, "site.certificate-trusted", f.Path)
				b.Bytes = untrusted(b.Bytes)
			}
			c, checked, err := parseCertificate(b.Bytes)
			if err != nil {
				x.add(inPair(f, header), provision.SeverityError, "site.certificate-broken", f.Path, err)
				return nil
			}
			if !checked {
				x.add(inPair(f, header), provision.SeverityWarning, "site.certificate-unchecked", f.Path, len(list)+1)
			}
			list = append(list, c)
		case strings.Contains(b.Type, "CERTIFICATE REQUEST"):
			x.add(inPair(f, header), provision.SeverityError, "site.certificate-request", f.Path)
			return nil
		case strings.HasSuffix(b.Type, "PRIVATE KEY") && len(blocks) == 1:
			x.add(inPair(f, header), provision.SeverityError, "site.certificate-is-key", f.Path)
			return nil
		case strings.HasSuffix(b.Type, "PRIVATE KEY"):
			x.add(inPair(f, header), provision.SeverityWarning, "site.certificate-has-key", f.Path)
		}
	}
	if len(list) == 0 {
		x.add(inPair(f, "-----BEGIN "+blocks[0].Type+"-----"), provision.SeverityError, "site.certificate-none", f.Path)
	}
	return list
}

// notPEM says what a file without PEM blocks is instead.
func (x *examiner) notPEM(f File, kind string) {
	_, certificateErr := x509.ParseCertificate(f.Content)
	switch {
	case certificateErr == nil:
		x.add(inPair(f, ""), provision.SeverityError, "site.pair-der", f.Path)
	case isPKCS12(f.Content):
		x.add(inPair(f, ""), provision.SeverityError, "site.pair-pkcs12", f.Path)
	case isKeyDER(f.Content):
		x.add(inPair(f, ""), provision.SeverityError, "site.key-der", f.Path)
	default:
		x.add(inPair(f, ""), provision.SeverityError, "site."+kind+"-no-pem", f.Path)
	}
}

// isPKCS12 reports whether content begins as a PFX does (RFC 7292, section 4): a sequence whose first element is the version 3.
func isPKCS12(content []byte) bool {
	return len(content) > 8 && content[0] == 0x30 && bytes.Contains(content[1:8], []byte{0x02, 0x01, 0x03})
}

func isKeyDER(content []byte) bool {
	_, err := parseKey(content)
	return err == nil
}

func (x *examiner) key() crypto.PublicKey {
	f := x.in.Key
	if !x.readable(f, StepCertificateLines) {
		return nil
	}
	if f.Mode.Perm()&0o004 != 0 {
		x.add(inPair(f, f.Mode.Perm().String()), provision.SeverityInfo, "site.key-mode", f.Path)
	}
	blocks := x.blocks(f)
	if len(blocks) == 0 {
		x.notPEM(f, "key")
		return nil
	}
	for _, b := range blocks {
		header := "-----BEGIN " + b.Type + "-----"
		switch {
		case b.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(b.Headers["Proc-Type"], "ENCRYPTED"):
			x.add(inPair(f, header), provision.SeverityError, "site.key-encrypted", f.Path)
			return nil
		case b.Type == "OPENSSH PRIVATE KEY":
			x.add(inPair(f, header), provision.SeverityError, "site.key-openssh", f.Path)
			return nil
		case strings.HasSuffix(b.Type, "PRIVATE KEY"):
			public, err := parseKey(b.Bytes)
			var whole []asn1.RawValue
			if rest, notDER := asn1.Unmarshal(b.Bytes, &whole); err != nil && (notDER != nil || len(rest) > 0) {
				x.add(inPair(f, header), provision.SeverityError, "site.key-broken", f.Path)
			} else if err != nil {
				x.add(inPair(f, header), provision.SeverityWarning, "site.key-unchecked", f.Path)
			}
			return public
		}
	}
	header := "-----BEGIN " + blocks[0].Type + "-----"
	switch blocks[0].Type {
	case "CERTIFICATE", "TRUSTED CERTIFICATE":
		x.add(inPair(f, header), provision.SeverityError, "site.key-is-certificate", f.Path)
	case "PUBLIC KEY", "RSA PUBLIC KEY":
		x.add(inPair(f, header), provision.SeverityError, "site.key-public", f.Path)
	default:
		x.add(inPair(f, header), provision.SeverityError, "site.key-none", f.Path)
	}
	return nil
}

// parseKey reads a private key in any of the three forms that OpenSSL writes, and returns its public half.
func parseKey(der []byte) (crypto.PublicKey, error) {
	var key any
	var err error
	if key, err = x509.ParsePKCS8PrivateKey(der); err != nil {
		if key, err = x509.ParsePKCS1PrivateKey(der); err != nil {
			if key, err = x509.ParseECPrivateKey(der); err != nil {
				return nil, err
			}
		}
	}
	if signer, ok := key.(crypto.Signer); ok {
		return signer.Public(), nil
	}
	return nil, errors.New("the key cannot sign")
}

// belongs reports whether a public key is the certificate's.
func belongs(c *x509.Certificate, key crypto.PublicKey) bool {
	own, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && own.Equal(key)
}

// leaf is the site's own certificate: the first in the file, or the one that the key belongs to.
func (x *examiner) leaf(certificates []*x509.Certificate, key crypto.PublicKey) *x509.Certificate {
	if key == nil || certificates[0].PublicKey == nil || belongs(certificates[0], key) {
		return certificates[0]
	}
	for n, c := range certificates[1:] {
		if belongs(c, key) {
			x.add(inPair(x.in.Certificate, "subject="+c.Subject.String()), provision.SeverityError, "site.chain-leaf-not-first", x.in.Certificate.Path, n+2)
			return c
		}
	}
	x.add(inPair(x.in.Key, x.in.Key.Path), provision.SeverityError, "site.key-mismatch", x.in.Key.Path, x.in.Certificate.Path)
	return certificates[0]
}

func namesOf(c *x509.Certificate) []string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}

func selfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, c.RawSubject) && (c.PublicKey == nil || c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil)
}

func (x *examiner) validity(leaf *x509.Certificate) {
	until := inPair(x.in.Certificate, "notAfter="+leaf.NotAfter.UTC().Format(time.DateTime)+" UTC")
	days := x.report.Pair.DaysLeft(x.in.Now)
	date := leaf.NotAfter.UTC().Format(time.DateOnly)
	switch {
	case x.in.Now.Before(leaf.NotBefore):
		from := inPair(x.in.Certificate, "notBefore="+leaf.NotBefore.UTC().Format(time.DateTime)+" UTC")
		x.add(from, provision.SeverityError, "site.certificate-not-yet", x.in.Certificate.Path, leaf.NotBefore.UTC().Format(time.DateOnly))
	case x.in.Now.After(leaf.NotAfter):
		x.add(until, provision.SeverityError, "site.certificate-expired", x.in.Certificate.Path, date)
	case days < urgentDays:
		x.add(until, provision.SeverityWarning, "site.certificate-expires-now", x.in.Certificate.Path, days, date)
	case days < renewDays:
		x.add(until, provision.SeverityWarning, "site.certificate-expires-soon", x.in.Certificate.Path, days, date)
	}
}

func (x *examiner) domain(leaf *x509.Certificate) {
	domain := x.in.Site.Domain
	if domain == "" || leaf.VerifyHostname(domain) == nil {
		return
	}
	names := namesOf(leaf)
	if len(names) == 0 {
		x.add(inPair(x.in.Certificate, "subject="+leaf.Subject.String()), provision.SeverityError, "site.certificate-no-names", x.in.Certificate.Path, domain)
		return
	}
	list := strings.Join(names, ", ")
	x.add(inPair(x.in.Certificate, "subjectAltName="+list), provision.SeverityError, "site.certificate-domain", x.in.Certificate.Path, domain, list)
}

// chain looks at what follows the leaf: each certificate must have signed the one before it, and be good as long.
func (x *examiner) chain(certificates []*x509.Certificate) {
	f := x.in.Certificate
	last := certificates[len(certificates)-1]
	for n := 1; n < len(certificates); n++ {
		before, c := certificates[n-1], certificates[n]
		subject := inPair(f, "subject="+c.Subject.String())
		if first := slices.IndexFunc(certificates[:n], func(o *x509.Certificate) bool { return bytes.Equal(o.Raw, c.Raw) }); first >= 0 {
			x.add(subject, provision.SeverityWarning, "site.chain-twice", f.Path, n+1, first+1)
			return
		}
		if !bytes.Equal(before.RawIssuer, c.RawSubject) && (before.PublicKey == nil || before.CheckSignatureFrom(c) != nil) {
			x.add(subject, provision.SeverityWarning, "site.chain-order", f.Path, n+1, n)
			return
		}
		switch until := c.NotAfter.UTC().Format(time.DateOnly); {
		case x.in.Now.After(c.NotAfter):
			x.add(subject, provision.SeverityWarning, "site.chain-expired", f.Path, n+1, until)
		case selfSigned(c):
			x.add(subject, provision.SeverityInfo, "site.chain-root", f.Path, n+1)
		}
	}
	switch {
	case len(certificates) == 1 && selfSigned(last):
		x.add(inPair(f, "issuer="+last.Issuer.String()), provision.SeverityInfo, "site.certificate-self-signed", f.Path)
	case len(certificates) == 1:
		x.add(inPair(f, "issuer="+last.Issuer.String()), provision.SeverityWarning, "site.chain-incomplete", f.Path, last.Issuer.String())
	}
}

func (x *examiner) strength(leaf *x509.Certificate) {
	if key, ok := leaf.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < minRSA {
		x.add(inPair(x.in.Certificate, ""), provision.SeverityWarning, "site.key-weak", x.in.Certificate.Path, key.N.BitLen(), minRSA)
	}
	if leaf.SignatureAlgorithm == x509.SHA1WithRSA || leaf.SignatureAlgorithm == x509.ECDSAWithSHA1 || leaf.SignatureAlgorithm == x509.MD5WithRSA {
		x.add(inPair(x.in.Certificate, "Signature Algorithm: "+leaf.SignatureAlgorithm.String()), provision.SeverityWarning, "site.certificate-weak-signature", x.in.Certificate.Path)
	}
}
