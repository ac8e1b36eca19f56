package inventory

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/distribution/reference"
	"golang.org/x/net/idna"
)

// The Check functions judge one value of the inventory. Their error is a sentence without a subject, `"x" is not ...`, so
// that it reads well behind the field's name and below an entry of a form.

const (
	letters     = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits      = "0123456789"
	nameSymbols = letters + digits + "_.-"
	maxName     = 63 // of a DNS label, which names may become
)

// CheckName accepts the name of a site or a host: it becomes part of labels and of file names.
func CheckName(name string) error {
	return checkWord(name, "a name", 1)
}

// CheckContainer accepts a container's name as Docker does: [a-zA-Z0-9][a-zA-Z0-9_.-]+.
func CheckContainer(name string) error {
	return checkWord(name, "a container's name", 2)
}

func checkWord(name, what string, shortest int) error {
	switch {
	case name == "":
		return errors.New("is empty; write letters and digits, myweb for example")
	case len(name) < shortest:
		return fmt.Errorf("%q is too short for %s; write at least %d characters", name, what, shortest)
	case len(name) > maxName:
		return fmt.Errorf("%q is too long for %s; write at most %d characters", name, what, maxName)
	case !strings.Contains(letters+digits, name[:1]):
		return fmt.Errorf("%q is not %s: it must begin with a letter or a digit; write myweb for example", name, what)
	}
	if bad := foreign(name, nameSymbols); bad != "" {
		return fmt.Errorf("%q is not %s: it may not have %q; use letters, digits, '_', '.' and '-'", name, what, bad)
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
	const example = "myweb_image:server for example"
	if image == "" {
		return errors.New("is empty; write name:tag, " + example)
	}
	if lower := lowerName(image); lower != image && CheckImage(lower) == nil {
		return fmt.Errorf("%q has capital letters, which an image's name may not have; write %q", image, lower)
	}
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return fmt.Errorf("%q is not the name of an image; write name:tag, %s", image, example)
	}
	if _, pinned := named.(reference.Digested); pinned {
		return fmt.Errorf("%q has a digest, and a build cannot be given one; write name:tag, %s", image, example)
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
		return errors.New("is empty; write the machine's name, IP address or alias of the SSH configuration")
	}
	if _, rest, ok := strings.Cut(address, "://"); ok {
		return fmt.Errorf("%q is a URL; write the name alone, %q", address, hostOf(rest))
	}
	if user, host, ok := strings.Cut(address, "@"); ok {
		return fmt.Errorf("%q has a user in it; write address: %s and user: %s", address, host, user)
	}
	if strings.HasPrefix(address, "[") {
		return fmt.Errorf("%q has brackets; write the IPv6 address without them, and the port in the field port", address)
	}
	if ip, err := netip.ParseAddr(address); err == nil {
		return checkZone(address, ip.Zone())
	}
	if host, port, ok := strings.Cut(address, ":"); ok {
		if foreign(port, digits) == "" {
			return fmt.Errorf("%q has a port in it; write address: %s and port: %s", address, host, port)
		}
		return fmt.Errorf("%q is not an IPv6 address; write the machine's name or IP address", address)
	}
	if foreign(address, digits+".") == "" {
		return fmt.Errorf("%q is not an IP address; it has four numbers from 0 to 255", address)
	}
	return checkHostName(address)
}

// checkZone accepts the zone of an IPv6 address, a network interface of this machine: it may end up in a shell command of the
// SSH configuration.
func checkZone(address, zone string) error {
	if bad := foreign(zone, nameSymbols); bad != "" {
		return fmt.Errorf("%q is not an IP address: its zone may not have %q; write the network interface behind the %%, fe80::1%%eth0 for example",
			address, bad)
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
		return fmt.Errorf("%q is not the name of a machine: it may not have %q; write its name or IP address", name, bad)
	}
	if strings.HasPrefix(name, "-") || strings.HasPrefix(name, ".") || strings.Contains(name, "..") || len(name) > 253 {
		return fmt.Errorf("%q is not the name of a machine; write its name or IP address", name)
	}
	return nil
}

// CheckUser accepts the name of a login on the host.
func CheckUser(user string) error {
	if user == "" {
		return errors.New("is empty; write the login's name, " + DefaultUser + " for example")
	}
	if bad := foreign(strings.TrimSuffix(user, "$"), nameSymbols+"@\\"); bad != "" {
		return fmt.Errorf("%q is not the name of a login: it may not have %q; write %s for example", user, bad, DefaultUser)
	}
	if !strings.Contains(letters+digits+"_", user[:1]) || len(user) > 64 {
		return fmt.Errorf("%q is not the name of a login; write %s for example", user, DefaultUser)
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
	const example = "write the name alone, kevinhuo.cool for example"
	if domain == "" {
		return "", nil
	}
	if _, rest, ok := strings.Cut(domain, "://"); ok {
		return "", fmt.Errorf("%q is a URL; write the name alone, %q", domain, hostOf(rest))
	}
	if ip, err := netip.ParseAddr(domain); err == nil {
		return ip.String(), nil
	}
	switch {
	case strings.HasPrefix(domain, "*."):
		return "", fmt.Errorf("%q stands for many names; write one that visitors type, %q for example", domain, "www"+domain[1:])
	case strings.ContainsAny(domain, "/:"):
		return "", fmt.Errorf("%q is more than a name; write %q", domain, hostOf(domain))
	case strings.ContainsAny(domain, ", "):
		return "", fmt.Errorf("%q is more than one name; %s", domain, example)
	case strings.HasSuffix(domain, "."):
		return "", fmt.Errorf("%q ends with a dot; write %q", domain, strings.TrimRight(domain, "."))
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || len(ascii) > 253 || foreign(ascii, letters+digits+".-") != "" || strings.Contains(ascii, "..") || strings.HasPrefix(ascii, ".") {
		return "", fmt.Errorf("%q is not a domain; %s", domain, example)
	}
	return ascii, nil
}
