package certificate

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
)

func (k *Keeper) isDNS() bool { return k.Challenge == inventory.ChallengeDNS }

// Check makes sure that what an order needs from this machine is there, without asking anybody.
func (k *Keeper) Check() error {
	if !k.isDNS() {
		return nil
	}
	_, err := k.dnsSolver()
	return err
}

// dnsSolver is the provider that the inventory names.
func (k *Keeper) dnsSolver() (Solver, error) {
	values, err := readCredentials(k.dns.Credentials)
	if err != nil {
		return nil, err
	}
	switch k.dns.Provider {
	case inventory.ProviderExec:
		return newExecDNS(k.dns.Credentials, values)
	case inventory.ProviderHTTPReq:
		return newHTTPReqDNS(k.dns.Credentials, values)
	}
	return newAliDNS(k.dns.Credentials, values)
}

// record is where the answer to a challenge of the kind dns-01 stands, and what it is.
func record(domain, text string) (name, value string) {
	sum := sha256.Sum256([]byte(text))
	return "_acme-challenge." + domain, base64.RawURLEncoding.EncodeToString(sum[:])
}

// dnsPause is between two looks for a record.
const dnsPause = 2 * time.Second

// awaitTXT waits until the servers of the zone, or the resolvers that the inventory names, have a record.
func (k *Keeper) awaitTXT(ctx context.Context, domain, text string) error {
	name, value := record(domain, text)
	for {
		seen := true
		for _, resolver := range k.authoritative(ctx, domain) {
			found, err := resolver.LookupTXT(ctx, name)
			seen = seen && err == nil && slices.Contains(found, value)
		}
		if seen {
			return nil
		}
		select {
		case <-time.After(dnsPause):
		case <-ctx.Done():
			return provision.Fail("acme.dns-unseen", name, k.dns.Provider)
		}
	}
}

// authoritative are the servers of the zone that a name lies in; what others have kept of it may be old.
func (k *Keeper) authoritative(ctx context.Context, domain string) []*net.Resolver {
	if len(k.dns.Resolvers) > 0 {
		return []*net.Resolver{k.resolver("")}
	}
	for zone := domain; strings.Contains(zone, "."); _, zone, _ = strings.Cut(zone, ".") {
		servers, err := net.DefaultResolver.LookupNS(ctx, zone)
		if err != nil {
			continue
		}
		var list []*net.Resolver
		for _, s := range servers {
			list = append(list, k.resolver(strings.TrimSuffix(s.Host, ".")))
		}
		if len(list) > 0 {
			return list
		}
	}
	return []*net.Resolver{net.DefaultResolver}
}
