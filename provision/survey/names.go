package survey

import (
	"context"
	"net"
	"slices"
	"time"

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

// AskNames asks the DNS for the domain of a site, and for the host that is logged in to at address.
func AskNames(ctx context.Context, domain, address string) Names {
	n := Names{At: time.Now(), Domain: domain}
	if domain == "" {
		return n
	}
	ctx, cancel := context.WithTimeout(ctx, probe.Timeout)
	defer cancel()
	if n.Found, n.Err = net.DefaultResolver.LookupHost(ctx, domain); n.Err != nil {
		return n
	}
	var err error
	if n.Own, err = net.DefaultResolver.LookupHost(ctx, address); err != nil {
		n.Own = []string{address}
	}
	return n
}
