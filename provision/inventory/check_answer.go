package inventory

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
)

// CheckHealthPath accepts the path, with or without a query, that a new container is asked for.
func CheckHealthPath(path string) error {
	switch {
	case path == "":
		return errors.New("is empty; write / for the first page")
	case strings.Contains(path, "://"):
		return fmt.Errorf("%q is a URL; write the part from the slash after the name, /health for example", path)
	case !strings.HasPrefix(path, "/"):
		return fmt.Errorf("%q does not begin with a slash; write %q", path, "/"+path)
	case strings.HasPrefix(path, "//"):
		return fmt.Errorf("%q begins with two slashes; write one", path)
	case strings.ContainsRune(path, '#'):
		return fmt.Errorf("%q has a fragment, which servers never see; delete it from the # on", path)
	case strings.ContainsFunc(path, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return fmt.Errorf("%q has blanks; write %%20 for a blank", path)
	}
	if _, err := url.ParseRequestURI(path); err != nil {
		return fmt.Errorf("%q is not a path of a URL; write / or /health for example", path)
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
		fix := "nginx or nginx/1.14.1 for example"
		if name, number, ok := strings.Cut(server, " "); ok {
			fix = fmt.Sprintf("%q", name+"/"+strings.TrimSpace(number))
		}
		return fmt.Errorf("%q is not how a Server header names a product; write %s", server, fix)
	}
	return nil
}
