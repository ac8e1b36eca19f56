package inventory

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
)

func (d *decoder) hosts(field string, n ast.Node) []Host {
	items, ok := d.sequence(field, n, "one entry a host below hosts:, - address: 203.0.113.10 for example")
	if !ok {
		return nil
	}
	if len(items) == 0 {
		d.fail(n, field, "is empty; add an entry for each machine, - address: 203.0.113.10 for example")
		return nil
	}
	hosts := make([]Host, 0, len(items))
	names := map[string]string{} // name to the field that has it
	for i, item := range items {
		path := fmt.Sprintf("%s[%d]", field, i)
		host, ok := d.host(path, item)
		if !ok {
			continue
		}
		if first, twice := names[host.Name]; twice {
			name := path + ".name"
			d.failField(name, fmt.Sprintf("%q is the name of %s already; give each host a name of its own", host.Name, first))
			continue
		}
		names[host.Name] = path
		hosts = append(hosts, host)
	}
	return hosts
}

func (d *decoder) host(path string, n ast.Node) (Host, bool) {
	var h Host
	before := len(d.problems)
	d.mapping(n, path, []key{
		{"name", d.checked(&h.Name, CheckName)},
		{"address", d.needed(&h.Address, CheckAddress)},
		{"port", d.integer(&h.Port, 1, 65535)},
		{"user", d.checked(&h.User, CheckUser)},
		{"identity", d.localFile(&h.Identity, checkIdentity)},
		{"known_hosts", d.localFile(&h.KnownHosts, checkKnownHosts)},
	})
	if len(d.problems) > before {
		return h, false
	}
	if h.Address == "" {
		d.fail(d.resolve(n), path, "has no address; add address: with the machine's name, IP address or alias of the SSH configuration")
		return h, false
	}
	if h.Name == "" {
		h.Name = h.Address
	}
	return h, true
}

// localFile reads the path of a file on this machine that check accepts.
func (d *decoder) localFile(target *string, check func(string) error) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		text, ok := d.text(field, n)
		if !ok || d.reject(n, field, checkLocalPath(text)) {
			return
		}
		path, err := local(d.dir, text)
		if err == nil {
			err = check(path)
		}
		if !d.reject(n, field, err) {
			*target = path
		}
	}
}
