package site

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"regexp"
	"slices"
	"time"

	"github.com/kehuo/provision/provision"
)

// glued is a line on which one PEM block ends and the next begins, which OpenSSL does not read.
var glued = regexp.MustCompile(`(?m)^(-----END [A-Z0-9 ]+-----)[ \t]*(-----BEGIN )`)

// blocks reads the PEM blocks of a file of the pair, and names where two of them share a line.
func (x *examiner) blocks(f File) []*pem.Block {
	content := f.Content
	if at := glued.FindIndex(content); at != nil {
		line := bytes.Count(content[:at[0]], []byte("\n")) + 1
		place := inPair(f, lineOf(string(content), line))
		place.line = line
		x.add(place, provision.SeverityError, "site.pair-glued", f.Path, line)
		content = glued.ReplaceAll(content, []byte("$1\n$2"))
	}
	return pemBlocks(content)
}

func pemBlocks(content []byte) []*pem.Block {
	var list []*pem.Block
	for {
		b, rest := pem.Decode(content)
		if b == nil {
			return list
		}
		list, content = append(list, b), rest
	}
}

// parseCertificate reads a certificate. Of one that Go refuses and OpenSSL may take, checked is false, and it has no public key:
// its names and dates are read all the same.
func parseCertificate(der []byte) (c *x509.Certificate, checked bool, err error) {
	if c, err = x509.ParseCertificate(der); err == nil {
		return c, c.PublicKey != nil, nil
	}
	var outer struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}
	var inner struct {
		Version    int `asn1:"optional,explicit,default:0,tag:0"`
		Serial     asn1.RawValue
		Algorithm  asn1.RawValue
		Issuer     asn1.RawValue
		Validity   struct{ NotBefore, NotAfter time.Time }
		Subject    asn1.RawValue
		PublicKey  asn1.RawValue
		IssuerID   asn1.BitString   `asn1:"optional,tag:1"`
		SubjectID  asn1.BitString   `asn1:"optional,tag:2"`
		Extensions []pkix.Extension `asn1:"optional,explicit,tag:3"`
	}
	if rest, outerErr := asn1.Unmarshal(der, &outer); outerErr != nil || len(rest) > 0 {
		return nil, false, err
	}
	if rest, innerErr := asn1.Unmarshal(outer.TBS.FullBytes, &inner); innerErr != nil || len(rest) > 0 {
		return nil, false, err
	}
	c = &x509.Certificate{
		Raw: der, RawIssuer: inner.Issuer.FullBytes, RawSubject: inner.Subject.FullBytes, Extensions: inner.Extensions,
		NotBefore: inner.Validity.NotBefore, NotAfter: inner.Validity.NotAfter,
	}
	for _, name := range []struct {
		raw  asn1.RawValue
		into *pkix.Name
	}{{inner.Issuer, &c.Issuer}, {inner.Subject, &c.Subject}} {
		var sequence pkix.RDNSequence
		if _, err := asn1.Unmarshal(name.raw.FullBytes, &sequence); err == nil {
			name.into.FillFromRDNSequence(&sequence)
		}
	}
	c.DNSNames = dnsNames(inner.Extensions)
	return c, false, nil
}

// dnsNames are the names of the extension subjectAltName (RFC 5280, 4.2.1.6).
func dnsNames(extensions []pkix.Extension) []string {
	var names []string
	for _, e := range extensions {
		var list []asn1.RawValue
		if !e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			continue
		}
		if _, err := asn1.Unmarshal(e.Value, &list); err != nil {
			continue
		}
		for _, n := range list {
			if n.Class == asn1.ClassContextSpecific && n.Tag == 2 {
				names = append(names, string(n.Bytes))
			}
		}
	}
	return names
}

// isCertificate reports whether OpenSSL reads a block of this type as a certificate.
func isCertificate(kind string) bool {
	return slices.Contains([]string{"CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"}, kind)
}

// untrusted is a trusted certificate without what OpenSSL has put behind it.
func untrusted(der []byte) []byte {
	var first asn1.RawValue
	if _, err := asn1.Unmarshal(der, &first); err == nil {
		return first.FullBytes
	}
	return der
}
