package setup

import (
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/remote/sshconfig"
	"github.com/kehuo/provision/provision/site"
)

// searchDepth is how deep below a folder the Dockerfile and the certificate pair are looked for.
const searchDepth = 3

// fileLimit is how large a file may be to be looked at for what it offers, in bytes.
const fileLimit = 1 << 20

// Suggest implements Interview: hosts of the SSH configuration, keys, folders with a Dockerfile, certificate pairs.
func (s Setup) Suggest() Offers {
	found := Offers{Address: sshconfig.Hosts(s.SSHConfig)}
	if home, err := os.UserHomeDir(); err == nil {
		found[Identity] = identities(filepath.Join(home, ".ssh"))
	}
	found[Source] = s.sources()
	root := s.dir()
	if len(found[Source]) > 0 {
		root = s.path(found[Source][0])
	}
	found[Certificate] = files(root, ".pem", ".crt", ".cer")
	found[Key] = files(root, ".key")
	if guess := site.GuessAt(os.DirFS(root)); guess.Certificate != "" {
		found[Certificate], found[Key] = first(guess.Certificate, found[Certificate]), first(guess.Key, found[Key])
	}
	if len(found[Certificate]) > 0 {
		found[Domain] = domains(filepath.Join(root, found[Certificate][0]))
	}
	return s.Follow(found, nil)
}

// Follow implements Interview: the site's name hangs on its source, and its folder on the host on the name and on who logs in.
// What is not answered yet counts as what is offered for it.
func (s Setup) Follow(found Offers, given Answers) Offers {
	a := Answers{Name: given[Name], User: given[User]}
	for _, field := range []string{Source, Address} {
		answer, answered := given[field]
		if !answered && len(found[field]) > 0 {
			answer = found[field][0]
		}
		a[field] = answer
	}
	if _, answered := given[User]; !answered && len(found[Address]) == 0 {
		a[User] = inventory.DefaultUser // no SSH configuration names the login, so that the tutorial's is offered
	}
	if found = maps.Clone(found); found == nil {
		found = Offers{}
	}
	found[Directory] = []string{s.site(a).Directory}
	found[Ports] = portOffers(site.GuessAt(os.DirFS(s.path(orElse(a[Source], ".")))))
	a[Name] = ""
	found[Name] = []string{s.site(a).Name}
	return found
}

// first is the list with one of it, or one that was missing, before the others.
func first(one string, list []string) []string {
	return append([]string{one}, slices.DeleteFunc(list, func(other string) bool { return other == one })...)
}

// domains lists the names that a certificate covers, but for those that stand for many.
func domains(file string) []string {
	content, err := inventory.ReadFile(file, fileLimit)
	if err != nil {
		return nil
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(certificate.DNSNames), func(name string) bool { return strings.HasPrefix(name, "*") })
}

// identities lists private keys, the kinds that OpenSSH prefers first.
func identities(dir string) []string {
	var keys []string
	for _, name := range []string{"id_ed25519", "id_ecdsa", "id_rsa"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() {
			keys = append(keys, filepath.Join("~", ".ssh", name))
		}
	}
	return keys
}

// sources lists the folders with a Dockerfile, relative to the inventory's.
func (s Setup) sources() []string {
	var folders []string
	s.walk(s.dir(), func(name string) {
		if filepath.Base(name) == "Dockerfile" {
			folders = append(folders, filepath.Dir(name))
		}
	})
	return folders
}

// files lists the files with one of the endings, relative to root.
func files(root string, endings ...string) []string {
	var names []string
	Setup{}.walk(root, func(name string) {
		if slices.Contains(endings, strings.ToLower(filepath.Ext(name))) {
			names = append(names, name)
		}
	})
	return names
}

// walk visits the files below root, hidden folders and what lies too deep left out.
func (Setup) walk(root string, visit func(name string)) {
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		name, relErr := filepath.Rel(root, path)
		switch {
		case err != nil || relErr != nil: // what cannot be read offers nothing
			return fs.SkipDir
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || strings.Count(name, string(filepath.Separator)) >= searchDepth):
			return fs.SkipDir
		case d.Type().IsRegular():
			visit(name)
		}
		return nil
	})
}
