package probe

import (
	"net"
	"net/netip"
	"strconv"

	"github.com/kehuo/provision/provision/inventory"
)

// Demands are what a site must answer and where. They are kept with a release, under these names: one that is brought back is
// held against what was asked of it when it was made, and not against what a later one may have changed.
type Demands struct {
	Ports       []inventory.Port `json:"ports"`
	Health      inventory.Health `json:"health"`
	Server      string           `json:"server"`
	Domain      string           `json:"domain"`
	TLS         bool             `json:"tls"`
	Fingerprint string           `json:"-"` // of the certificate that must be served; empty: any
}

// Check is one question to the site and the answer that is wanted.
type Check struct {
	Question
	Name string // "https" or "http"
	Want Want
}

// FromHere are the checks of a visitor at the host's address, whatever the DNS says. A port that the host keeps to itself is
// asked from there alone.
func (d Demands) FromHere(address string) []Check {
	return d.checks((&net.Dialer{}).DialContext, func(port inventory.Port) string {
		if loopback(port.Address) {
			return ""
		}
		return net.JoinHostPort(address, strconv.Itoa(port.Host))
	})
}

// FromHost are the checks that the host makes of itself, through dial.
func (d Demands) FromHost(dial Dial) []Check {
	return d.checks(dial, func(port inventory.Port) string {
		address := port.Address
		if address == "" || address == "0.0.0.0" || address == "::" {
			address = "127.0.0.1"
		}
		return net.JoinHostPort(address, strconv.Itoa(port.Host))
	})
}

// Inside are the checks of a container at its own address.
func (d Demands) Inside(dial Dial, address string) []Check {
	return d.checks(dial, func(port inventory.Port) string { return net.JoinHostPort(address, strconv.Itoa(port.Container)) })
}

func loopback(address string) bool {
	ip, err := netip.ParseAddr(address)
	return err == nil && ip.IsLoopback()
}

// checks are the page over https and the redirect over http, or the page over http where the site has no certificate. A port
// with an empty place is not asked.
func (d Demands) checks(dial Dial, place func(inventory.Port) string) []Check {
	page := Want{Status: d.Health.Status, Text: d.Health.Text, Server: d.Server}
	secure, plain := inventory.WebPorts(d.Ports, d.TLS)
	var list []Check
	add := func(port *inventory.Port, name string, want Want) {
		if port == nil || place(*port) == "" {
			return
		}
		list = append(list, Check{
			Name:     name,
			Want:     want,
			Question: Question{Dial: dial, Address: place(*port), Domain: d.Domain, TLS: name == "https", Path: d.Health.Path},
		})
	}
	pinned := page
	pinned.Fingerprint = d.Fingerprint
	add(secure, "https", pinned)
	if secure != nil {
		page = Want{Redirect: true, Server: d.Server}
	}
	add(plain, "http", page)
	return list
}
