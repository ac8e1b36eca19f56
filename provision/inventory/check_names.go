package inventory

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode"

	"github.com/distribution/reference"
	"golang.org/x/net/idna"
)

// The Check functions judge one value of the inventory. Their failure has no subject, `"x" is not ...`, so that it reads well
// behind the field's name and below an entry of a form.

const (
	letters     = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits      = "0123456789"
	nameSymbols = letters + digits + "_.-"
	maxName     = 63 // of a DNS label, which names may become
)

// CheckName accepts the name of a site or a host: it becomes part of labels and of file names.
func CheckName(name string) error {
	return checkWord(name, 1)
}

// CheckContainer accepts a container's name as Docker does: [a-zA-Z0-9][a-zA-Z0-9_.-]+.
func CheckContainer(name string) error {
	return checkWord(name, 2)
}

func checkWord(name string, shortest int) error {
	switch {
	case name == "":
		return invalid("inventory.name-empty")
	case len(name) < shortest:
		return invalid("inventory.name-short", name, shortest)
	case len(name) > maxName:
		return invalid("inventory.name-long", name, maxName)
	case !strings.Contains(letters+digits, name[:1]):
		return invalid("inventory.name-start", name)
	}
	if bad := foreign(name, nameSymbols); bad != "" {
		return invalid("inventory.name-character", name, bad)
	}
	return nil
}

// foreign is the first character of text that is not among allowed; empty where all are.
func foreign(text, allowed string) string {
	for _, r := range text {
		if !strings.ContainsRune(allowed, r) {
			return string(r)
		}
	}
	return ""
}

// CheckImage accepts the reference of an image that a build can produce: a name with or without a tag, and no digest.
func CheckImage(image string) error {
	if image == "" {
		return invalid("inventory.image-empty")
	}
	if lower := lowerName(image); lower != image && CheckImage(lower) == nil {
		return invalid("inventory.image-capitals", image, lower)
	}
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return invalid("inventory.image", image)
	}
	if _, pinned := named.(reference.Digested); pinned {
		return invalid("inventory.image-digest", image)
	}
	return nil
}

// lowerName lowers the name of an image and leaves its tag, which may have capital letters.
func lowerName(image string) string {
	slash := strings.LastIndexByte(image, '/')
	colon := strings.LastIndexByte(image, ':')
	if colon <= slash {
		return strings.ToLower(image)
	}
	return strings.ToLower(image[:colon]) + image[colon:]
}

// CheckAddress accepts what a host is dialled by: a name, an IP address or an alias of the SSH configuration.
func CheckAddress(address string) error {
	if address == "" {
		return invalid("inventory.address-empty")
	}
	if _, rest, ok := strings.Cut(address, "://"); ok {
		return invalid("inventory.is-url", address, hostOf(rest))
	}
	if user, host, ok := strings.Cut(address, "@"); ok {
		return invalid("inventory.address-user", address, host, user)
	}
	if strings.HasPrefix(address, "[") {
		return invalid("inventory.address-brackets", address)
	}
	if ip, err := netip.ParseAddr(address); err == nil {
		return checkZone(address, ip.Zone())
	}
	if host, port, ok := strings.Cut(address, ":"); ok {
		if foreign(port, digits) == "" {
			return invalid("inventory.address-port", address, host, port)
		}
		return invalid("inventory.address-ipv6", address)
	}
	if foreign(address, digits+".") == "" {
		return invalid("inventory.address-ipv4", address)
	}
	return checkHostName(address)
}

// checkZone accepts the zone of an IPv6 address, a network interface of this machine: it may end up in a shell command of the
// SSH configuration.
func checkZone(address, zone string) error {
	if bad := foreign(zone, nameSymbols); bad != "" {
		return invalid("inventory.address-zone", address, bad)
	}
	return nil
}

// hostOf is the host at the start of what follows the scheme of a URL.
func hostOf(rest string) string {
	host, _, _ := strings.Cut(rest, "/")
	host, _, _ = strings.Cut(host, ":")
	return host
}

func checkHostName(name string) error {
	if bad := foreign(name, nameSymbols); bad != "" {
		return invalid("inventory.host-name-character", name, bad)
	}
	if strings.HasPrefix(name, "-") || strings.HasPrefix(name, ".") || strings.Contains(name, "..") || len(name) > 253 {
		return invalid("inventory.host-name", name)
	}
	return nil
}

// CheckUser accepts the name of a login on the host.
func CheckUser(user string) error {
	if user == "" {
		return invalid("inventory.user-empty")
	}
	if bad := foreign(strings.TrimSuffix(user, "$"), nameSymbols+"@\\"); bad != "" {
		return invalid("inventory.user-character", user, bad)
	}
	if !strings.Contains(letters+digits+"_", user[:1]) || len(user) > 64 {
		return invalid("inventory.user", user)
	}
	return nil
}

// CheckDomain accepts the name that visitors type, in Unicode or punycode; empty is none.
func CheckDomain(domain string) error {
	_, err := ParseDomain(domain)
	return err
}

// ParseDomain is CheckDomain, and returns the name as certificates have it: lower case and in punycode.
func ParseDomain(domain string) (string, error) {
	if domain == "" {
		return "", nil
	}
	if _, rest, ok := strings.Cut(domain, "://"); ok {
		return "", invalid("inventory.is-url", domain, hostOf(rest))
	}
	if ip, err := netip.ParseAddr(domain); err == nil {
		return ip.String(), nil
	}
	switch {
	case strings.HasPrefix(domain, "*."):
		return "", invalid("inventory.domain-wildcard", domain, "www"+domain[1:])
	case strings.ContainsAny(domain, "/:"):
		return "", invalid("inventory.domain-more", domain, hostOf(domain))
	case strings.ContainsAny(domain, ", "):
		return "", invalid("inventory.domain-several", domain)
	case strings.HasSuffix(domain, "."):
		return "", invalid("inventory.domain-dot", domain, strings.TrimRight(domain, "."))
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || len(ascii) > 253 || foreign(ascii, letters+digits+".-") != "" || strings.Contains(ascii, "..") || strings.HasPrefix(ascii, ".") {
		return "", invalid("inventory.domain", domain)
	}
	return ascii, nil
}

// CheckHealthPath accepts the path, with or without a query, that a new container is asked for.
func CheckHealthPath(path string) error {
	switch {
	case path == "":
		return invalid("inventory.health-empty")
	case strings.Contains(path, "://"):
		return invalid("inventory.health-url", path)
	case !strings.HasPrefix(path, "/"):
		return invalid("inventory.health-slash", path, "/"+path)
	case strings.HasPrefix(path, "//"):
		return invalid("inventory.health-slashes", path)
	case strings.ContainsRune(path, '#'):
		return invalid("inventory.health-fragment", path)
	case strings.ContainsFunc(path, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return invalid("inventory.health-blank", path)
	}
	if _, err := url.ParseRequestURI(path); err != nil {
		return invalid("inventory.health-path", path)
	}
	return nil
}

// tokenSymbols are the characters of a product's name and version in a Server header (RFC 9110, section 5.6.2).
const tokenSymbols = letters + digits + "!#$%&'*+-.^_`|~"

// CheckServer accepts a product as the Server header names it, with or without a version: nginx, nginx/1.14.1. Empty is not
// checked: many applications that answer by themselves, those in Go or Express for example, send no such header.
func CheckServer(server string) error {
	if server == "" {
		return nil
	}
	product, version, versioned := strings.Cut(server, "/")
	if product == "" || versioned && version == "" || foreign(product+version, tokenSymbols) != "" {
		fix := "nginx/1.14.1"
		if name, number, ok := strings.Cut(server, " "); ok {
			fix = name + "/" + strings.TrimSpace(number)
		}
		return invalid("inventory.server-product", server, fix)
	}
	return nil
}
