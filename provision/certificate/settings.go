package certificate

import (
	"crypto/x509"
	"encoding/pem"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
)

// Settings are what another machine needs to renew the same certificate by http. There is nothing secret among them: its account at
// the CA is its own, so that whoever reads it can ask for this machine's names alone.
type Settings struct {
	Names     []string `json:"names"`
	Directory string   `json:"directory"`
	Email     string   `json:"email,omitempty"`
	CA        string   `json:"ca,omitempty"` // certificates that the CA's own https is trusted by, as PEM
}

// Settings are those of the keeper.
func (k *Keeper) Settings() (Settings, error) {
	s := Settings{Names: k.Names, Directory: k.directory, Email: k.email}
	if k.caFile != "" {
		content, err := readFile(k.caFile)
		if err != nil {
			return Settings{}, provision.Fail("acme.ca-file", k.caFile, err)
		}
		s.CA = string(content)
	}
	return s, nil
}

// Keeper is the keeper with these settings on the site's own host, which keeps what it has in a folder. It does not try whether the
// CA can see its answers: many a host cannot reach its own public address.
func (s Settings) Keeper(folder string) *Keeper {
	return &Keeper{
		Names: s.Names, Challenge: inventory.ChallengeHTTP, directory: s.Directory, email: s.Email, data: folder, ca: s.CA, untried: true,
	}
}

// Follows reports whether a pair that lies on a host takes the place of the one before: it is newer, valid, for these names, and the
// next certificate of its chain has signed it. What lies there may be anybody's.
func (p Pair) Follows(before Pair, names []string, now time.Time) bool {
	if !p.Covers(names) || now.Before(p.Leaf.NotBefore) || now.After(p.Leaf.NotAfter) {
		return false
	}
	if before.Leaf != nil && !p.Leaf.NotBefore.After(before.Leaf.NotBefore) {
		return false
	}
	_, rest := pem.Decode(p.Chain)
	block, _ := pem.Decode(rest)
	if block == nil {
		return false
	}
	issuer, err := x509.ParseCertificate(block.Bytes)
	return err == nil && p.Leaf.CheckSignatureFrom(issuer) == nil
}

// Adopt keeps a pair that another machine has obtained.
func (k *Keeper) Adopt(p Pair) error {
	if err := k.save(p); err != nil {
		return provision.Fail("acme.store-unwritten", k.Folder(), err)
	}
	return nil
}
