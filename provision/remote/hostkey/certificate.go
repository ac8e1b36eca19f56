package hostkey

import (
	"context"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
)

// judgeCertificate is nil for a certificate that an authority on file has signed for the host. One that is good for nothing leaves
// the key in it, which may be on file itself.
func (k *Checker) judgeCertificate(ctx context.Context, cert *ssh.Certificate) *provision.Failure {
	if line := k.marked(revoked).find(cert.SignatureKey); line != nil {
		return k.fail("hostkey.revoked-authority", cert.SignatureKey.Type(), ssh.FingerprintSHA256(cert.SignatureKey), line.place)
	}
	if line := k.marked(revoked).find(cert.Key); line != nil {
		return k.fail("hostkey.revoked", cert.Key.Type(), ssh.FingerprintSHA256(cert.Key), line.place)
	}
	flaw := k.flaw(cert)
	if flaw == nil {
		return nil
	}
	return k.judge(ctx, cert.Key, flaw)
}

// flaw is why a certificate does not hold for the host, by OpenSSH's rules; nil where it does.
func (k *Checker) flaw(cert *ssh.Certificate) *provision.Failure {
	now := uint64(time.Now().Unix())
	day := func(second uint64) string { return time.Unix(int64(second), 0).Format(time.DateTime) }
	options := make([]string, 0, len(cert.CriticalOptions))
	for option := range cert.CriticalOptions {
		options = append(options, option)
	}
	slices.Sort(options)
	names := strings.Join(cert.ValidPrincipals, ", ")
	switch {
	case k.marked(authority).find(cert.SignatureKey) == nil:
		return k.fail("hostkey.certificate-authority", cert.SignatureKey.Type(), ssh.FingerprintSHA256(cert.SignatureKey))
	case cert.CertType != ssh.HostCert:
		return k.fail("hostkey.certificate-user", cert.KeyId)
	case now < cert.ValidAfter:
		return k.fail("hostkey.certificate-early", day(cert.ValidAfter))
	case cert.ValidBefore != ssh.CertTimeInfinity && now >= cert.ValidBefore:
		return k.fail("hostkey.certificate-expired", day(cert.ValidBefore))
	case len(cert.ValidPrincipals) > 0 && !slices.Contains(cert.ValidPrincipals, k.name):
		return k.fail("hostkey.certificate-name", names, k.name)
	case len(options) > 0:
		return k.fail("hostkey.certificate-option", strings.Join(options, ", "))
	case cert.Signature.Format == ssh.KeyAlgoRSA:
		return k.fail("hostkey.certificate-sha1")
	}
	checker := ssh.CertChecker{}
	principal := ""
	if len(cert.ValidPrincipals) > 0 {
		principal = cert.ValidPrincipals[0]
	}
	if err := checker.CheckCert(principal, cert); err != nil { // the signature itself
		return k.fail("hostkey.certificate", err)
	}
	return nil
}
