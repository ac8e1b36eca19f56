// Package certificate obtains a site's certificate from a CA that speaks ACME, keeps it on this machine, and knows when it is to be
// renewed. How the answer to a challenge gets to where the CA looks for it is a Solver's.
package certificate

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
)

// Let's Encrypt's directories.
const (
	letsEncrypt        = "https://acme-v02.api.letsencrypt.org/directory"
	letsEncryptStaging = "https://acme-staging-v02.api.letsencrypt.org/directory"
)

// Keeper obtains and keeps the certificate of one set of names.
type Keeper struct {
	Names     []string // sorted, the domain among them
	Challenge string   // inventory.ChallengeHTTP or ChallengeDNS

	directory string // URL of the CA's directory
	caFile    string
	email     string
	dns       inventory.DNS
	data      string // the folder of all certificates and accounts
	ca        string // what caFile holds, where there is no such file
	untried   bool   // the CA is asked at once, see Settings.Keeper
}

// New is the keeper of a site's certificate.
func New(s inventory.Site) (*Keeper, error) {
	a := s.ACME
	k := &Keeper{Names: s.CertificateNames(), Challenge: a.Challenge, directory: a.Directory, caFile: a.CAFile, email: a.Email, dns: a.DNS}
	switch a.Directory {
	case inventory.DirectoryLetsEncrypt:
		k.directory = letsEncrypt
	case inventory.DirectoryStaging:
		k.directory = letsEncryptStaging
	}
	data, err := dataFolder()
	if err != nil {
		return nil, provision.Fail("acme.no-folder", err)
	}
	k.data = data
	return k, nil
}

// dataFolder is where the user's certificates and accounts lie: what must not be lost, unlike a cache.
func dataFolder() (string, error) {
	if folder := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(folder) {
		return filepath.Join(folder, "provision"), nil
	}
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		folder, err := os.UserConfigDir()
		return filepath.Join(folder, "provision"), err
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "share", "provision"), err
}

// CA is the name of the CA's host, as a person is told it.
func (k *Keeper) CA() string {
	if u, err := url.Parse(k.directory); err == nil && u.Host != "" {
		return u.Host
	}
	return k.directory
}

// Pair is a certificate with its chain, and its key.
type Pair struct {
	Chain []byte // PEM, the leaf first
	Key   provision.Secret
	Leaf  *x509.Certificate
}

// Fingerprint is that of the leaf, in lower-case hexadecimal; empty for no pair.
func (p Pair) Fingerprint() string {
	if p.Leaf == nil {
		return ""
	}
	sum := sha256.Sum256(p.Leaf.Raw)
	return hex.EncodeToString(sum[:])
}

// Covers reports whether the certificate is for these names and no others.
func (p Pair) Covers(names []string) bool {
	if p.Leaf == nil {
		return false
	}
	own := slices.Clone(p.Leaf.DNSNames)
	slices.Sort(own)
	return slices.Equal(own, names)
}

// folder is where what belongs to a text lies, below a folder of the kind.
func (k *Keeper) folder(kind, text string) string {
	sum := sha256.Sum256([]byte(text))
	return filepath.Join(k.data, kind, hex.EncodeToString(sum[:8]))
}

// Folder is where the pair lies on this machine.
func (k *Keeper) Folder() string {
	return k.folder("certificates", k.directory+"\n"+strings.Join(k.Names, "\n"))
}
