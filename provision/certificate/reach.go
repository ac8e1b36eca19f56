package certificate

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// Path is where a CA looks for the answer to a challenge on the site.
const Path = "/.well-known/acme-challenge/"

// How long it is tried to see an answer of our own, and how long one question takes at most: the CA gives up after 10 s as well.
const (
	tryPatience = 5 * time.Second
	tryPause    = 300 * time.Millisecond
	askPatience = 10 * time.Second
)

// tryHTTP has an answer of our own shown and asks for it as the CA will: over port 80, at every address that the name has.
func (k *Keeper) tryHTTP(ctx context.Context, solver Solver, waiting Waiting) error {
	deadline := time.Now().Add(tryPatience)
	for _, name := range k.Names {
		waiting("acme.trying", name)
		token, text := rand.Text(), rand.Text()
		err := func() error {
			defer func() {
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanPatience)
				defer cancel()
				_ = solver.CleanUp(ctx, name, token, text)
			}()
			for {
				if err := solver.Present(ctx, name, token, text); err != nil { // again: hosts may have come since
					return err
				}
				err := k.reach(ctx, name, token, text)
				if err == nil || time.Now().After(deadline) {
					return err
				}
				select {
				case <-time.After(tryPause):
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			}
		}()
		if err != nil {
			return err
		}
	}
	return nil
}

// reach asks for an answer of our own at every address of a name.
func (k *Keeper) reach(ctx context.Context, name, token, text string) error {
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	addresses, err := k.resolver("").LookupHost(ctx, name)
	if err != nil || len(addresses) == 0 {
		said := "no address"
		var dns *net.DNSError
		if errors.As(err, &dns) {
			said = dns.Err
		}
		return provision.Fail("acme.no-address", name, provision.ForeignError(said))
	}
	var unreached error
	seen := 0
	for _, address := range addresses {
		err := k.reachAt(ctx, name, address, token, text)
		switch {
		case err == nil:
			seen++
		case errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EADDRNOTAVAIL): // this machine has no IPv6, say
			unreached = err
		default:
			return err
		}
	}
	if seen == 0 {
		return unreached
	}
	return nil
}

// reachAt asks at one address. Redirects are followed, and no certificate is checked, as the CA does it.
func (k *Keeper) reachAt(ctx context.Context, name, address, token, text string) error {
	dial := func(ctx context.Context, network, to string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(to)
		if err == nil && host == name {
			to = net.JoinHostPort(address, port)
		}
		return (&net.Dialer{Timeout: askPatience, Resolver: k.resolver("")}).DialContext(ctx, network, to)
	}
	client := http.Client{Transport: &http.Transport{
		DialContext: dial, DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+name+Path+token, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return provision.Fail("acme.port-closed", name, address, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	switch {
	case err == nil && response.StatusCode == http.StatusOK && strings.TrimSpace(string(body)) == text:
		return nil
	case isFiling(response, body):
		return provision.Fail("acme.filing", name, address)
	}
	server := cmp.Or(safetext.OneLine(response.Header.Get("Server"), 100), "-")
	return provision.Fail("acme.elsewhere", name, address, response.StatusCode, server)
}

// isFiling tells the page that clouds in China show in the place of a site whose domain is not filed.
func isFiling(response *http.Response, body []byte) bool {
	if strings.EqualFold(response.Header.Get("Server"), "Beaver") {
		return true
	}
	page := string(body)
	for _, sign := range []string{"Non-compliance ICP Filing", "未备案", "ICP备案", "dnspod.qcloud.com/static/webblock", "TencentEdgeOne/webblock"} {
		if strings.Contains(page, sign) && response.StatusCode != http.StatusOK || strings.Contains(page, "webblock") {
			return true
		}
	}
	return false
}

// resolver asks the inventory's resolvers where it names some, else those of this machine; server, where it is given, before all.
func (k *Keeper) resolver(server string) *net.Resolver {
	servers := k.dns.Resolvers
	if server != "" {
		servers = []string{server}
	}
	if len(servers) == 0 {
		return net.DefaultResolver
	}
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var err error
		for _, s := range servers {
			if _, _, noPort := net.SplitHostPort(s); noPort != nil {
				s = net.JoinHostPort(strings.Trim(s, "[]"), "53")
			}
			var conn net.Conn
			if conn, err = (&net.Dialer{Timeout: 3 * time.Second}).DialContext(ctx, network, s); err == nil {
				return conn, nil
			}
		}
		return nil, err
	}}
}
