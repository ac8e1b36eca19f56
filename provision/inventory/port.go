package inventory

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Port publishes a port of the container on the host. It is the one shape of a port until it becomes text for docker.
type Port struct {
	Address   string // the host's address to bind; empty: all of them
	Host      int
	Container int
	Protocol  string // tcp, udp or sctp
}

// String is the port as docker run --publish takes it, the protocol left out when it is tcp.
func (p Port) String() string {
	text := strconv.Itoa(p.Host) + ":" + strconv.Itoa(p.Container)
	switch {
	case strings.Contains(p.Address, ":"):
		text = "[" + p.Address + "]:" + text
	case p.Address != "":
		text = p.Address + ":" + text
	}
	if p.Protocol != "tcp" {
		text += "/" + p.Protocol
	}
	return text
}

// DefaultPorts are the ports of a site that names none: those for http and https, or the one for http where it has no pair.
func DefaultPorts(tls bool) []Port {
	ports := []Port{{Host: 80, Container: 80, Protocol: "tcp"}}
	if tls {
		ports = append(ports, Port{Host: 443, Container: 443, Protocol: "tcp"})
	}
	return ports
}

// ParsePort reads host:container, with an address of the host before and /tcp, /udp or /sctp behind.
func ParsePort(text string) (Port, error) {
	rest, protocol, given := strings.Cut(text, "/")
	if !given {
		protocol = "tcp"
	}
	p := Port{Protocol: strings.ToLower(protocol)}
	if !slices.Contains([]string{"tcp", "udp", "sctp"}, p.Protocol) {
		return Port{}, invalid("inventory.port-protocol", text, protocol)
	}
	if strings.ContainsRune(rest, '-') {
		return Port{}, invalid("inventory.port-range", text)
	}
	colon := strings.LastIndexByte(rest, ':')
	if colon < 0 {
		return Port{}, invalid("inventory.port-alone", text)
	}
	before, container := rest[:colon], rest[colon+1:]
	host := before
	if colon := strings.LastIndexByte(before, ':'); colon >= 0 {
		host = before[colon+1:]
		address := strings.TrimSuffix(strings.TrimPrefix(before[:colon], "["), "]")
		ip, err := netip.ParseAddr(address)
		if err != nil || ip.Is6() != strings.HasPrefix(before, "[") {
			return Port{}, invalid("inventory.port-address", text, before[:colon])
		}
		p.Address = ip.String()
	}
	var err error
	if p.Host, err = portNumber(text, host); err != nil {
		return Port{}, err
	}
	if p.Container, err = portNumber(text, container); err != nil {
		return Port{}, err
	}
	return p, nil
}

func portNumber(text, number string) (int, error) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > 65535 || foreign(number, digits) != "" {
		return 0, invalid("inventory.port-number", text, number)
	}
	return n, nil
}

// clashes reports whether both ports want the same one of the host.
func (p Port) clashes(q Port) bool {
	everywhere := func(p Port) bool { return p.Address == "" || p.Address == "0.0.0.0" || p.Address == "::" }
	return p.Host == q.Host && p.Protocol == q.Protocol && (p.Address == q.Address || everywhere(p) || everywhere(q))
}
