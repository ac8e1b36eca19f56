package setup

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/remote/sshconfig"
	"github.com/kehuo/provision/provision/site"
)

// site is the site that the answers make. What they leave open has the tutorial's value where that fits the source, and
// otherwise one of its own: a second site on a host must not meet the first one's folder, image and container.
func (s Setup) site(a Answers) inventory.Site {
	wanted := inventory.Defaults()
	wanted.Source = s.path(orElse(a[Source], "."))
	wanted.Name = orElse(a[Name], siteName(wanted.Source))
	wanted.Directory = orElse(a[Directory], s.directory(a, wanted.Name))
	if wanted.Name != inventory.Defaults().Name {
		wanted.Image, wanted.Container = imageName(wanted.Name)+":server", containerName(wanted.Name)
	}
	guess := site.GuessAt(os.DirFS(wanted.Source))
	pair(&wanted, a, guess)
	wanted.Domain = domain(wanted, a)
	wanted.Command = strings.Fields(guess.Command)
	wanted.Ports = publish(guess.Ports, inventory.DefaultPorts(wanted.Certificate != ""))
	if ports, err := parsePorts(a[Ports]); err == nil && len(ports) > 0 {
		wanted.Ports = ports
	}
	if !guess.Nginx {
		wanted.Server = "" // nobody knows what such an application calls itself
	}
	return wanted
}

// publish gives the host the likeliest ports of the container under their own numbers.
func publish(sets [][]site.Exposed, standard []inventory.Port) []inventory.Port {
	if len(sets) == 0 {
		return standard
	}
	var ports []inventory.Port
	for _, e := range sets[0] {
		ports = append(ports, inventory.Port{Host: e.Port, Container: e.Port, Protocol: e.Protocol})
	}
	return ports
}

// parsePorts reads the answer for the ports: some of them as docker run --publish takes them, with blanks or commas between.
func parsePorts(answer string) ([]inventory.Port, error) {
	var ports []inventory.Port
	for _, text := range strings.FieldsFunc(answer, func(r rune) bool { return r == ' ' || r == ',' }) {
		port, err := inventory.ParsePort(text)
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}

// portOffers are the sets of ports to choose from, as an answer.
func portOffers(guess site.Guess) []string {
	var list []string
	for _, set := range guess.Ports {
		var texts []string
		for _, port := range publish([][]site.Exposed{set}, nil) {
			texts = append(texts, port.String())
		}
		list = append(list, strings.Join(texts, ","))
	}
	return list
}

// pair sets certificate and key: those that nginx is given by the source where nobody speaks of a pair, or the tutorial's if they
// are there.
func pair(wanted *inventory.Site, a Answers, guess site.Guess) {
	_, certificate := a[Certificate]
	_, key := a[Key]
	switch {
	case certificate || key:
	case guess.Certificate != "":
		wanted.Certificate, wanted.Key = guess.Certificate, guess.Key
	case !tutorialPair(wanted.Source):
		wanted.Certificate, wanted.Key = "", ""
	}
	take(&wanted.Certificate, a, Certificate)
	take(&wanted.Key, a, Key)
}

// domain is what visitors type: the first name of the certificate where nobody says.
func domain(wanted inventory.Site, a Answers) string {
	if answer, given := a[Domain]; given || wanted.Certificate == "" {
		return orElse(answer, wanted.Domain)
	}
	if names := domains(filepath.Join(wanted.Source, filepath.FromSlash(wanted.Certificate))); len(names) > 0 {
		return names[0]
	}
	return wanted.Domain
}

// tutorialPair reports whether a source has the tutorial's certificate and key.
func tutorialPair(source string) bool {
	return exists(source, inventory.Defaults().Certificate) && exists(source, inventory.Defaults().Key)
}

func exists(source, name string) bool {
	_, err := os.Stat(filepath.Join(source, filepath.FromSlash(name)))
	return !errors.Is(err, fs.ErrNotExist)
}

// siteName names a site after its source's folder, or after the folder around that one where the first merely says what lies
// in it: shop for shop/site. The tutorial's site, known by its pair, and one whose folder has no telling name have the
// tutorial's.
func siteName(source string) string {
	if tutorialPair(source) {
		return inventory.Defaults().Name
	}
	if isGeneric(filepath.Base(source)) {
		source = filepath.Dir(source)
	}
	name := strings.ToLower(filepath.Base(source))
	home, _ := os.UserHomeDir()
	telling := source != home && !isGeneric(name) && inventory.CheckName(name) == nil && name[0] >= 'a' && name[0] <= 'z'
	if !telling {
		return inventory.Defaults().Name
	}
	return name
}

// isGeneric reports whether a folder's name says nothing of the site in it.
func isGeneric(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "tmp") || slices.Contains([]string{
		"app", "backend", "build", "code", "dev", "dist", "docker", "frontend", "home", "html", "project", "public", "root", "server",
		"site", "src", "web", "website", "work", "workspace", "www",
	}, name)
}

// directory is the site's folder on the host, in the home of who logs in. Where nobody says who that is, the tutorial's site
// keeps the tutorial's, and another one goes to whom ssh would log in as: the user of this machine.
func (s Setup) directory(a Answers, name string) string {
	login := orElse(a[User], s.sshUser(a[Address]))
	if login == "" && name == inventory.Defaults().Name {
		return inventory.Defaults().Directory
	}
	if login == "" {
		login = inventory.DefaultUser
		if u, err := user.Current(); err == nil {
			login = u.Username
		}
	}
	// Of a domain's user, bob@example or EXAMPLE\bob, the home is bob's.
	login, _, _ = strings.Cut(login[strings.LastIndexByte(login, '\\')+1:], "@")
	if login == "root" {
		return path.Join("/root", name)
	}
	return path.Join("/home", strings.TrimSuffix(login, "$"), "dev", name)
}

// sshUser is whom the SSH configuration logs in as; empty where it does not say.
func (s Setup) sshUser(address string) string {
	if address == "" {
		return ""
	}
	return sshconfig.UserOf(address, s.SSHConfig)
}

// imageName makes a site's name one for an image: small letters, and one sign at a time between them.
func imageName(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune("._-", r) })
	return strings.Join(words, "-")
}

// containerName is the site's name, which is one for a container but for a single letter.
func containerName(name string) string {
	if inventory.CheckContainer(name) != nil {
		return name + "_web"
	}
	return name
}

// hostName names the host in the inventory: its address, as far as a name can have that.
func hostName(address string) string {
	if inventory.CheckName(address) == nil {
		return address
	}
	name := strings.Map(func(r rune) rune {
		if r == ':' || r == '%' {
			return '-'
		}
		return r
	}, address)
	name = strings.TrimLeft(name, "-._")
	if name = name[:min(len(name), 63)]; inventory.CheckName(name) != nil {
		return "cloud"
	}
	return name
}
