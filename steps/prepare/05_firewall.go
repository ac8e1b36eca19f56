package prepare

import (
	"context"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/prepare"
	"github.com/kehuo/provision/provision/remote"
)

// firewall opens the site's ports and sshd's in the host's own firewall, closes the others where that is asked for, and looks from
// outside whether the cloud lets visitors through to them.
type firewall struct {
	step
	wanted     string // of the inventory
	user       string
	site       []int // the site's ports
	nft        bool  // the inventory has nftables installed
	facts      *known
	connection *connection
	gather     func(context.Context) error
	confirm    confirm
}

func newFirewall(h *Host, s step) provision.Step {
	p := h.Inventory.Prepare
	return firewall{
		s, p.Firewall, h.deployUser(), published(h.Inventory.Site.Ports), slices.Contains(p.Packages, "nftables"), h.facts, h.connection, h.gather, h.confirm,
	}
}

// published are the TCP ports that visitors come to.
func published(all []inventory.Port) []int {
	var ports []int
	for _, p := range all {
		if p.Protocol == "tcp" && !strings.HasPrefix(p.Address, "127.") && p.Address != "::1" && !slices.Contains(ports, p.Host) {
			ports = append(ports, p.Host)
		}
	}
	slices.Sort(ports)
	return ports
}

// ports are all that have to be open.
func (s firewall) ports() []int {
	ports := slices.Concat(s.facts.SSH.Ports, s.site)
	slices.Sort(ports)
	return slices.Compact(ports)
}

// Plan implements provision.Step.
func (s firewall) Plan() ([]provision.Change, error) {
	if !s.facts.Root {
		return nil, nil
	}
	f, ports, strict := s.facts.Firewall, s.ports(), s.wanted == inventory.FirewallStrict
	var changes []provision.Change
	if shut := f.Shut(ports, strict); len(shut) > 0 {
		changes = append(changes, s.change("firewall", diff("", shut), func(ctx context.Context, r *provision.Reporter) error {
			return s.open(ctx, r, shut)
		}, prepare.Numbers(shut)))
	}
	if !strict || f.IsStrict(ports) {
		return changes, nil
	}
	if f.Kind == "" && !f.NFT && !s.nft {
		return nil, provision.Fail("prepare.firewall.no-nft", s.host)
	}
	if len(s.facts.SSH.Ports) == 0 {
		return nil, provision.Fail("prepare.firewall.no-port", s.host)
	}
	return append(changes, s.change("firewall.strict", diff("-all\n", ports), func(ctx context.Context, r *provision.Reporter) error {
		return s.confirm(ctx, r, f.StrictTrial(s.host, s.user, ports))
	}, prepare.Numbers(ports))), nil
}

// diff shows which ports are open.
func diff(before string, ports []int) string {
	return before + "+" + strings.ReplaceAll(prepare.Numbers(ports), " ", "\n+") + "\n"
}

func (s firewall) open(ctx context.Context, r *provision.Reporter, ports []int) error {
	out, err := s.connection.Exec(ctx, remote.Command{Script: s.facts.Firewall.Open(ports), Sudo: true})
	if err != nil {
		return provision.Fail("prepare.firewall.not-opened", prepare.Numbers(ports), s.host, err)
	}
	if strings.Contains(string(out), "lost") {
		r.Finding(s.finding(provision.SeverityWarning, "firewall.lost", prepare.Numbers(ports), s.host))
	}
	return s.gather(ctx)
}

// Verify implements provision.Verifier.
func (s firewall) Verify(ctx context.Context, r *provision.Reporter) error {
	if s.facts.Root {
		s.tell(r)
	}
	return s.fromOutside(ctx, r)
}

// tell says what a person might expect otherwise.
func (s firewall) tell(r *provision.Reporter) {
	f := s.facts.Firewall
	switch {
	case f.Kind == prepare.Firewalld && s.wanted == inventory.FirewallStrict:
		r.Finding(s.finding(provision.SeverityInfo, "firewall.zones", s.host))
	case f.Strict != nil && s.facts.System.Init != prepare.InitSystemd:
		r.Finding(s.finding(provision.SeverityWarning, "firewall.boot", s.host))
	case f.Strict != nil && s.wanted != inventory.FirewallStrict:
		r.Finding(s.finding(provision.SeverityInfo, "firewall.left", s.host))
	case f.Closed:
		r.Finding(s.finding(provision.SeverityInfo, "firewall.iptables", s.host, prepare.Numbers(s.ports())))
	}
	if s.facts.Docker.Version != "" && (f.Kind != "" || f.Strict != nil) {
		r.Finding(s.finding(provision.SeverityInfo, "firewall.docker", s.host))
	}
}
