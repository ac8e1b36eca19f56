package prepare

import (
	_ "embed" // of our own table
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision/shell"
)

// Firewall is what filters what comes to a host itself. What a container publishes comes another way, Docker's.
type Firewall struct {
	Kind   string   // UFW, Firewalld, or empty: rules by hand or none
	Policy string   // of ufw: what becomes of what no rule names, "ACCEPT"
	Chains []Chain  // that packets to the host go through; of the active zones, where the kind is firewalld
	Closed bool     // iptables, which nothing else is known of, refuses something
	NFT    bool     // there is nft
	Strict []int    // the ports that our own table leaves open; nil: it is not loaded
	File   string   // our own table as it comes back after a reboot
	Cloud  string   // the maker of the machine, "Alibaba Cloud"
	rules  []string // of ufw
}

// The kinds of firewalls that are managed by a program of their own.
const (
	UFW       = "ufw"
	Firewalld = "firewalld"
)

// Chain is a list of rules that a packet has to get through.
type Chain struct {
	Name  []string // family, table and chain; or the zone
	Rules []string
	later []string // of a zone: after a reboot
}

var ownPorts = regexp.MustCompile(`tcp dport (\{[^}]*\}|\d+) accept`)

func parseFirewall(l lines) Firewall {
	f := Firewall{Kind: l.one("firewall"), Policy: l.one("firewall.policy"), NFT: l.has("firewall.nft"), File: l.text("firewall.file"), Cloud: l.one("cloud")}
	switch f.Kind {
	case UFW:
		f.rules = l["firewall.rule"]
	case Firewalld:
		f.Chains = zones(l)
	default:
		f.Chains = chains(l)
		f.Closed = slices.ContainsFunc(l["firewall.iptables"], func(rule string) bool {
			return strings.Contains(rule, "-P INPUT DROP") || strings.Contains(rule, "-j DROP") || strings.Contains(rule, "-j REJECT")
		})
	}
	if found := ownPorts.FindStringSubmatch(strings.Join(l["firewall.table"], "\n")); found != nil {
		f.Strict = []int{}
		for _, word := range strings.FieldsFunc(found[1], func(r rune) bool { return r < '0' || r > '9' }) {
			port, _ := strconv.Atoi(word)
			f.Strict = append(f.Strict, port)
		}
		slices.Sort(f.Strict)
	}
	return f
}

// zones are those of firewalld: a service or a port is a rule.
func zones(l lines) []Chain {
	var all []Chain
	zone := func(name string) *Chain {
		at := slices.IndexFunc(all, func(c Chain) bool { return c.Name[0] == name })
		if at < 0 {
			at = len(all)
			all = append(all, Chain{Name: []string{name}})
		}
		return &all[at]
	}
	for _, line := range l["firewall.now"] {
		if words := strings.Fields(line); len(words) > 1 {
			z := zone(words[0])
			z.Rules = append(z.Rules, words[1:]...)
		}
	}
	for _, line := range l["firewall.later"] {
		if words := strings.Fields(line); len(words) > 1 {
			z := zone(words[0])
			z.later = append(z.later, words[1:]...)
		}
	}
	return all
}

// chains are those of nft; each line of a chain is a rule.
func chains(l lines) []Chain {
	var all []Chain
	rules := l["firewall.rule"]
	for _, line := range l["firewall.chain"] {
		c := Chain{Name: strings.Fields(line)}
		if len(c.Name) != 3 {
			continue
		}
		// The rules of one chain come as nft prints them, between the lines "chain NAME {" and "}".
		begin := slices.Index(rules, "chain "+c.Name[2]+" {")
		if begin < 0 {
			continue
		}
		c.Rules = rules[begin+1:]
		if end := slices.Index(c.Rules, "}"); end >= 0 {
			c.Rules, rules = c.Rules[:end], c.Rules[end:]
		}
		all = append(all, c)
	}
	return all
}

var (
	refuses   = regexp.MustCompile(`policy drop|(^|\s)(drop|reject)\b`)
	accepts   = regexp.MustCompile(`^[^#]*\btcp dport (\{[^}]*\}|[\d-]+)( .*)? accept\b`)
	qualified = regexp.MustCompile(`saddr|daddr|iif|oif|sport|ct state invalid|limit`)
	services  = map[int]string{22: "ssh", 80: "http", 443: "https"}
)

// Shut lists those of the ports that take a rule to be open; strict, also once all others are closed.
func (f Firewall) Shut(ports []int, strict bool) []int {
	return slices.DeleteFunc(slices.Clone(ports), func(port int) bool {
		switch f.Kind {
		case UFW:
			return f.Policy == "ACCEPT" && !strict || slices.ContainsFunc(f.rules, func(rule string) bool { return ufwAllows(rule, port) })
		case Firewalld:
			return !slices.ContainsFunc(f.Chains, func(c Chain) bool { return !c.zoneAllows(port) })
		}
		return !slices.ContainsFunc(f.Chains, func(c Chain) bool { return c.refuses() && !c.allows(port) })
	})
}

// ufwAllows reads a rule as ufw keeps it: action, protocol, port, to, port, from, then names and the direction.
func ufwAllows(rule string, port int) bool {
	words := strings.Fields(rule)
	return len(words) >= 7 && (words[0] == "allow" || words[0] == "limit") && words[1] != "udp" && words[3] == "0.0.0.0/0" && words[5] == "0.0.0.0/0" &&
		words[4] == "any" && words[len(words)-1] == "in" && within(words[2], port)
}

func (c Chain) zoneAllows(port int) bool {
	allowed := func(rules []string) bool {
		return slices.Contains(rules, services[port]) || slices.ContainsFunc(rules, func(rule string) bool {
			numbers, found := strings.CutSuffix(rule, "/tcp")
			return found && within(numbers, port)
		})
	}
	return slices.Contains(c.Rules, "ACCEPT") || allowed(c.Rules) && allowed(c.later)
}

// refuses reports whether a chain refuses anything but what is broken or comes from somewhere.
func (c Chain) refuses() bool {
	return slices.ContainsFunc(c.Rules, func(rule string) bool { return refuses.MatchString(rule) && !qualified.MatchString(rule) })
}

func (c Chain) allows(port int) bool {
	return slices.ContainsFunc(c.Rules, func(rule string) bool {
		found := accepts.FindStringSubmatch(rule)
		return found != nil && !qualified.MatchString(rule) && within(found[1], port)
	})
}

// within reads a list of ports and ranges: "80,443", "{ 80, 443 }", "6000:6007", "6000-6007", "any".
func within(list string, port int) bool {
	for _, part := range strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune("{}, ", r) }) {
		low, high, isRange := strings.Cut(strings.Replace(part, ":", "-", 1), "-")
		if !isRange {
			high = low
		}
		a, err := strconv.Atoi(low)
		b, err2 := strconv.Atoi(high)
		if part == "any" || err == nil && err2 == nil && a <= port && port <= b {
			return true
		}
	}
	return false
}

var (
	firewallOpen = shell.Load(files, "firewall_open.sh")
	ufwStrict    = shell.Load(files, "ufw_strict.sh")
	ufwKeep      = shell.Load(files, "ufw_keep.sh")
	ufwUndo      = shell.Load(files, "ufw_undo.sh")
	nftStrict    = shell.Load(files, "nft_strict.sh")
	nftKeep      = shell.Load(files, "nft_keep.sh")
	nftUndo      = shell.Load(files, "nft_undo.sh")
)

//go:embed firewall.nft
var firewallTable string

//go:embed firewall.service
var firewallUnit string

// Where our own table lies, and what loads it at boot.
const (
	firewallFile    = "/etc/provision/firewall.nft"
	firewallService = "/etc/systemd/system/provision-firewall.service"
)

// Open is the command that opens ports, now and after a reboot. It closes nothing, and so needs no trial.
func (f Firewall) Open(ports []int) shell.Text {
	args := []string{f.Kind, Numbers(ports)}
	for _, c := range f.Chains {
		if f.Kind == Firewalld || c.refuses() {
			args = append(args, strings.Join(c.Name, " "))
		}
	}
	return firewallOpen.With(args...)
}

// IsStrict reports whether all but the ports is closed already, and stays so.
func (f Firewall) IsStrict(ports []int) bool {
	switch f.Kind {
	case UFW:
		return f.Policy != "ACCEPT"
	case Firewalld:
		return true // it refuses what no zone names; a zone that accepts everything is somebody's own will
	}
	// Facts have no tabs.
	return slices.Equal(f.Strict, ports) && slices.Equal(strings.Fields(f.File), strings.Fields(Table(ports)))
}

// Table is our own table, which refuses all but these ports.
func Table(ports []int) string {
	return fmt.Sprintf(firewallTable, strings.ReplaceAll(Numbers(ports), " ", ", "))
}

// StrictTrial is the change that closes all ports but these, which are open already where ufw rules.
func (f Firewall) StrictTrial(host, user string, ports []int) Trial {
	t := Trial{Host: host, User: user}
	if f.Kind == UFW {
		t.Apply, t.Keep, t.Undo = ufwStrict.With(), ufwKeep.With(), ufwUndo.With()
		return t
	}
	table := Table(ports)
	t.Apply = nftStrict.With(table)
	t.Keep = nftKeep.With(table, firewallFile, firewallUnit, firewallService)
	t.Undo = nftUndo.With(firewallFile)
	return t
}

// Numbers are ports in a row.
func Numbers(ports []int) string {
	return strings.Trim(fmt.Sprint(ports), "[]")
}

var listen = shell.Load(files, "listen.sh")

// Listen is the command that listens on ports for some seconds, and gives each visitor a word.
func Listen(seconds int, word string, ports []int) shell.Text {
	args := []string{strconv.Itoa(seconds), word}
	for _, port := range ports {
		args = append(args, strconv.Itoa(port))
	}
	return listen.With(args...)
}
