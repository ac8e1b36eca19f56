package inventory

import (
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
)

// CertificateACME as Site.Certificate has the program obtain the certificate.
const CertificateACME = "acme"

// ACME is how the certificate is obtained and renewed.
type ACME struct {
	Email     string   // of the account; empty: none
	Challenge string   // ChallengeHTTP or ChallengeDNS
	Directory string   // DirectoryLetsEncrypt, DirectoryStaging, or the URL of a CA's directory
	CAFile    string   // trusts the https of a CA of one's own; empty: the system's trust alone
	Names     []string // that the certificate covers beside the domain
	Renew     string   // RenewHere or RenewHost
	DNS       DNS
}

// DNS is how records are put into the DNS, and looked up.
type DNS struct {
	Provider    string   // ProviderAliDNS, ProviderExec or ProviderHTTPReq; empty: none
	Credentials string   // file that the user alone may read
	Resolvers   []string // address, or address:port; none: those of this machine
}

// What the fields of ACME may be.
const (
	ChallengeHTTP = "http" // the CA asks the site
	ChallengeDNS  = "dns"  // the CA asks the DNS

	DirectoryLetsEncrypt = "letsencrypt"
	DirectoryStaging     = "staging"

	RenewHere = "here" // every run of the program looks, on this machine
	RenewHost = "host" // a timer on the host looks as well, once a day

	ProviderAliDNS  = "alidns"
	ProviderExec    = "exec"    // a program on this machine
	ProviderHTTPReq = "httpreq" // a web service
)

// Obtains reports whether the program obtains the site's certificate.
func (s Site) Obtains() bool { return s.Certificate == CertificateACME }

// Bundled reports whether certificate and key lie in a zip, as Alibaba's console gives them for nginx.
func (s Site) Bundled() bool { return strings.EqualFold(path.Ext(s.Certificate), ".zip") }

// BringsPair reports whether the program brings the pair to the host, beside the image.
func (s Site) BringsPair() bool { return s.Obtains() || s.Bundled() }

// CertificateNames are the names of a certificate that is obtained, sorted.
func (s Site) CertificateNames() []string {
	names := slices.Clone(s.ACME.Names)
	if s.Domain != "" {
		names = append(names, s.Domain)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// obtained checks what belongs to a certificate that is obtained, and returns the key's path: there is none.
func (d *decoder) obtained(s *Site, keyGiven bool) string {
	if keyGiven && s.Key != "" {
		d.failField("site.key", invalid("inventory.acme-key"))
	}
	names := s.CertificateNames()
	if len(names) == 0 {
		d.failField("site.domain", invalid("inventory.acme-no-names"))
	}
	if _, err := netip.ParseAddr(s.Domain); err == nil {
		d.failField("site.domain", invalid("inventory.acme-ip", s.Domain))
	}
	if s.ACME.Challenge == ChallengeDNS && s.ACME.Renew == RenewHost {
		d.failField("site.acme.renew", invalid("inventory.acme-renew-dns"))
	}
	if s.ACME.Challenge == ChallengeDNS {
		if s.ACME.DNS.Provider == "" || s.ACME.DNS.Credentials == "" {
			d.failField("site.acme.dns", invalid("inventory.acme-dns"))
		}
	} else if i := slices.IndexFunc(names, func(name string) bool { return strings.HasPrefix(name, "*.") }); i >= 0 {
		d.failField("site.acme.names", invalid("inventory.acme-wildcard", names[i]))
	}
	return ""
}

func checkEmail(email string) error {
	if email == "" {
		return nil
	}
	if address, err := mail.ParseAddress(email); err != nil || address.Address != email {
		return invalid("inventory.acme-email", email)
	}
	return nil
}

func checkChallenge(challenge string) error {
	if challenge == ChallengeHTTP || challenge == ChallengeDNS {
		return nil
	}
	return invalid("inventory.acme-challenge", challenge)
}

func checkDirectoryURL(directory string) error {
	if directory == DirectoryLetsEncrypt || directory == DirectoryStaging {
		return nil
	}
	if u, err := url.Parse(directory); err != nil || u.Scheme != "https" || u.Host == "" || strings.ContainsAny(directory, " \t\n") {
		return invalid("inventory.acme-directory", directory)
	}
	return nil
}

// checkCertificateName accepts a name that a certificate may have: one of a machine, or all names below one.
func checkCertificateName(name string) error {
	domain, err := ParseDomain(strings.TrimPrefix(name, "*."))
	if err == nil && (domain != strings.TrimPrefix(name, "*.") || !strings.Contains(domain, ".")) {
		return invalid("inventory.domain", name)
	}
	return err
}

func checkRenew(renew string) error {
	if renew == RenewHere || renew == RenewHost {
		return nil
	}
	return invalid("inventory.acme-renew", renew)
}

func checkProvider(provider string) error {
	if provider == "" || slices.Contains([]string{ProviderAliDNS, ProviderExec, ProviderHTTPReq}, provider) {
		return nil
	}
	return invalid("inventory.acme-provider", provider)
}

func checkResolver(resolver string) error {
	host := resolver
	if h, _, err := net.SplitHostPort(resolver); err == nil {
		host = h
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err != nil {
		return invalid("inventory.acme-resolver", resolver)
	}
	return nil
}
