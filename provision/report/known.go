package report

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"regexp"
	"slices"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
)

// secretName is how a variable is named whose value is a secret, though it stands in the open.
var secretName = regexp.MustCompile(`(?i)pass(?:word|wd|phrase)|pwd|secret|token|(?:api|access|private|signing|encryption)_?key|credential|(?:^|_)(?:auth|pass|cookie)(?:_|$)`)

// Secrets are the secrets that an inventory knows of: the values of environment_file, what a build is lent, and those values of
// environment that are named like one. A value that the inventory shows for something else, its domain for example, is none.
func Secrets(inv *inventory.Inventory) ([]provision.Secret, error) {
	if inv == nil {
		return nil, nil
	}
	site := inv.Site
	open := []string{site.Name, site.Domain, site.Container, site.Image, site.Directory, site.Server}
	for _, h := range inv.Hosts {
		open = append(open, h.Name, h.Address, h.User)
	}
	var secrets []provision.Secret
	for name, value := range site.Environment {
		if secretName.MatchString(name) {
			secrets = append(secrets, provision.NewSecret(value))
		} else {
			open = append(open, value)
		}
	}
	for _, file := range site.Build.Private() {
		content, err := inventory.ReadFile(file, inventory.MaxBuildSecret)
		if err != nil { // the step that builds says so
			continue
		}
		secrets = append(secrets, provision.NewSecret(string(content)))
	}
	if site.EnvironmentFile == "" {
		return secrets, nil
	}
	if _, err := os.Stat(site.EnvironmentFile); errors.Is(err, fs.ErrNotExist) {
		return secrets, nil
	}
	values, err := inventory.ReadEnvironment(site.EnvironmentFile)
	if err != nil {
		return secrets, provision.Fail("report.secrets", err)
	}
	for _, secret := range values {
		if !slices.Contains(open, secret.Reveal()) {
			secrets = append(secrets, secret)
		}
	}
	return secrets, nil
}

// MaskOf hides what is known of the inventory and of this machine to be nobody else's business; without an inventory, what
// the mask finds by itself. With names, names and addresses of hosts and users stay readable.
func MaskOf(inv *inventory.Inventory, names bool) (Mask, error) {
	mask := Mask{ShowAddresses: names, ShowNames: names}
	if u, err := user.Current(); err == nil {
		mask.Users = append(mask.Users, u.Username)
	}
	if name, err := os.Hostname(); err == nil {
		mask.Hosts = append(mask.Hosts, name)
	}
	if inv != nil {
		mask.Hosts = append(mask.Hosts, inv.Site.Domain)
		for _, h := range inv.Hosts {
			mask.Hosts = append(mask.Hosts, h.Name, h.Address)
			mask.Users = append(mask.Users, h.User)
		}
	}
	var err error
	mask.Secrets, err = Secrets(inv)
	return mask, err
}
