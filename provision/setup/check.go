package setup

import (
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/site"
)

// Check implements Interview.
func (s Setup) Check(field, value string, all Answers) (note string, err error) {
	switch field {
	case Name:
		return "", inventory.CheckName(value)
	case Address:
		return "", inventory.CheckAddress(value)
	case Port:
		if port, err := strconv.Atoi(value); err != nil || port < 1 || port > 65535 {
			return "", failure("setup.port", value)
		}
		return "", nil
	case User:
		if value == "" {
			return s.Words.T("setup.user.none"), nil
		}
		return "", inventory.CheckUser(value)
	case Directory:
		return s.checkDirectory(value, all)
	case Domain:
		return "", inventory.CheckDomain(value)
	case Identity:
		return s.checkIdentity(value)
	case Source:
		return s.checkSource(value)
	case Ports:
		_, err := parsePorts(value)
		return "", err
	case Certificate:
		if value == inventory.CertificateACME {
			return s.checkObtained(all)
		}
		return s.checkPair(value, "", all)
	case Key:
		if all[Certificate] == inventory.CertificateACME {
			if value != "" {
				return "", failure("inventory.acme-key")
			}
			return "", nil
		}
		if (value == "") != (all[Certificate] == "") {
			return "", failure("setup.pair.half")
		}
		return s.checkPair(all[Certificate], value, all)
	}
	return "", failure("setup.no-question", field)
}

// checkDirectory notes a folder in the home of another user than the one who logs in, who may not be able to make it.
func (s Setup) checkDirectory(value string, all Answers) (string, error) {
	login := orElse(all[User], s.sshUser(all[Address]))
	owner, inHome := strings.CutPrefix(value, "/home/")
	owner, _, _ = strings.Cut(owner, "/")
	own := s.directory(all, path.Base(value))
	if inHome && login != "" && login != "root" && !strings.HasPrefix(own, "/home/"+owner+"/") {
		return s.Words.T("setup.directory.other", owner, login, own), inventory.CheckDirectory(value)
	}
	return "", inventory.CheckDirectory(value)
}

func (s Setup) checkIdentity(value string) (string, error) {
	if value == "" {
		return s.Words.T("setup.identity.none"), nil
	}
	info, err := os.Stat(s.path(value))
	switch {
	case err != nil:
		return "", failure("setup.missing", s.path(value))
	case info.IsDir():
		return "", failure("setup.folder", s.path(value))
	case strings.HasSuffix(value, ".pub"):
		return "", failure("setup.identity.public", strings.TrimSuffix(value, ".pub"))
	case info.Mode().Perm()&0o077 != 0:
		return "", failure("setup.identity.open", s.path(value))
	}
	return "", nil
}

func (s Setup) checkSource(value string) (string, error) {
	source := s.path(value)
	if info, err := os.Stat(source); err != nil || !info.IsDir() {
		return "", failure("setup.missing", source)
	}
	if _, err := os.Stat(filepath.Join(source, site.DockerfilePath)); err != nil {
		return "", failure("setup.source.dockerfile", source)
	}
	return s.Words.T("setup.source.found"), nil
}

// checkObtained says what it means to have the certificate obtained, for which the domain is needed.
func (s Setup) checkObtained(all Answers) (string, error) {
	if all[Domain] == "" {
		return "", failure("setup.acme.domain")
	}
	return s.Words.T("setup.acme", all[Domain]), nil
}

// checkPair looks at the certificate, and at its key once that is named too: do they belong together, is the domain covered,
// how long are they good.
func (s Setup) checkPair(certificate, key string, all Answers) (string, error) {
	source := s.path(orElse(all[Source], "."))
	for _, name := range []string{certificate, key} {
		if name == "" {
			continue
		}
		if !filepath.IsLocal(name) {
			return "", failure("setup.pair.outside", name, source)
		}
		if _, err := os.Stat(filepath.Join(source, name)); err != nil {
			return "", failure("setup.missing", filepath.Join(source, name))
		}
	}
	if key == "" {
		return "", nil
	}
	now := time.Now()
	report := site.Examine(site.Read(os.DirFS(source), site.Site{
		Certificate: filepath.ToSlash(certificate), Key: filepath.ToSlash(key), Domain: all[Domain],
	}, now), s.Words)
	for _, p := range report.Problems {
		about := p.File == filepath.ToSlash(certificate) || p.File == filepath.ToSlash(key)
		if about && p.Finding.Severity == provision.SeverityError {
			return "", failure("setup.pair.wrong", p.Finding.Cause, p.Finding.Fix)
		}
	}
	return s.Words.T("setup.pair.good", strings.Join(report.Pair.Names, ", "), report.Pair.DaysLeft(now)), nil
}
