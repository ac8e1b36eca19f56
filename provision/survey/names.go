package survey

import (
	"context"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
)

// namesEvery is how often a watch asks the DNS.
const namesEvery = time.Minute

// Names is where the DNS sends the visitors of a host's site, asked from here.
type Names struct {
	At     time.Time // zero: not asked yet
	Domain string    // empty: the site has none
	Found  []string  // its addresses
	Own    []string  // those of the host
	Err    error     // why there are none
}

// Here reports whether visitors come to the host.
func (n Names) Here() bool {
	return slices.ContainsFunc(n.Found, func(a string) bool { return slices.Contains(n.Own, a) })
}

// Lookup asks for the addresses of a name.
type Lookup = func(ctx context.Context, name string) ([]string, error)

// AskSystem is the lookup of this machine. The hosts of a run share one question for a name, and it ends with the context, which
// LookupHost of the library does not notice while it waits for an answer.
func AskSystem(ctx context.Context, name string) ([]string, error) {
	found, err := net.DefaultResolver.LookupIPAddr(ctx, name)
	addresses := make([]string, len(found))
	for i, address := range found {
		addresses[i] = address.String()
	}
	return addresses, err
}

// Finding is what is wrong with where visitors are sent; nil for nothing.
func (n Names) Finding(words *language.Printer) *provision.Finding {
	f := provision.Finding{Severity: provision.SeverityWarning, Code: "dns"}
	switch {
	case n.Domain == "" || n.Err == nil && n.Here():
		return nil
	case n.Err != nil:
		f.Cause, f.Fix = words.T("doctor.dns.unknown", n.Domain, n.Err), words.T("doctor.fix.dns-add")
	default:
		f.Cause = words.T("doctor.dns.elsewhere", n.Domain, strings.Join(n.Found, ", "), strings.Join(n.Own, ", "))
		f.Fix = words.T("doctor.fix.dns-change")
	}
	return &f
}

// AskNames asks the DNS for the domain of a site, and for the host that is logged in to at address.
func AskNames(ctx context.Context, lookup Lookup, domain, address string) Names {
	n := Names{At: time.Now(), Domain: domain}
	if domain == "" {
		return n
	}
	ctx, cancel := context.WithTimeout(ctx, probe.Timeout)
	defer cancel()
	if n.Found, n.Err = lookup(ctx, domain); n.Err != nil {
		return n
	}
	var err error
	if n.Own, err = lookup(ctx, address); err != nil {
		n.Own = []string{address}
	}
	return n
}
