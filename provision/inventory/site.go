package inventory

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// siteFields are the keys below site:, in the order in which they are written.
var siteFields = []string{
	"name", "source", "upload", "directory", "image", "container", "ports", "command", "environment", "environment_file",
	"volumes", "options", "restart", "domain", "certificate", "key", "health", "keep", "delete", "server", "init", "log", "cutover",
}

func (d *decoder) inventory(inv *Inventory, body ast.Node) {
	d.mapping(body, "", []key{
		{"site", func(field string, n ast.Node) { d.site(&inv.Site, field, n) }},
		{"hosts", func(field string, n ast.Node) { inv.Hosts = d.hosts(field, n) }},
	})
	if len(d.problems) > 0 {
		return
	}
	for _, required := range []struct{ name, fix string }{
		{"site", "add site: with what differs from the tutorial's site, site: {} if nothing does"},
		{"hosts", "add hosts: with an entry for each machine, - address: 203.0.113.10 for example"},
	} {
		if _, ok := d.positions[required.name]; !ok {
			d.problems = append(d.problems, d.errorAt(at(body), required.name, fmt.Sprintf("the inventory has no %s:; %s", required.name, required.fix)))
			return
		}
	}
	d.wholeSite(&inv.Site)
}

func (d *decoder) site(s *Site, field string, n ast.Node) {
	if _, empty := d.resolve(n).(*ast.NullNode); empty {
		return // every field has a default
	}
	d.mapping(n, field, d.siteReaders(s))
}

func (d *decoder) siteReaders(s *Site) []key {
	return []key{
		{"name", d.checked(&s.Name, CheckName)},
		{"source", d.checked(&s.Source, checkLocalPath)},
		{"upload", d.texts(&s.Upload, `["."] or [Dockerfile, resource]`, checkWithin)},
		{"directory", d.checked(&s.Directory, CheckDirectory)},
		{"image", d.checked(&s.Image, CheckImage)},
		{"container", d.checked(&s.Container, CheckContainer)},
		{"ports", d.ports(&s.Ports)},
		{"command", d.command(&s.Command)},
		{"environment", d.environment(&s.Environment)},
		{"environment_file", d.environmentFile(&s.EnvironmentFile)},
		{"volumes", d.volumes(&s.Volumes)},
		{"options", d.options(&s.Options)},
		{"restart", d.checked(&s.Restart, CheckRestart)},
		{"domain", d.domain(&s.Domain)},
		{"certificate", d.checked(&s.Certificate, checkPairFile)},
		{"key", d.checked(&s.Key, checkPairFile)},
		{"health", d.health(&s.Health)},
		{"keep", d.integer(&s.Keep, 0, 100)},
		{"delete", d.boolean(&s.Delete)},
		{"server", d.checked(&s.Server, CheckServer)},
		{"init", d.boolean(&s.Init)},
		{"log", d.log(&s.Log)},
		{"cutover", d.checked(&s.Cutover, CheckCutover)},
	}
}

func (d *decoder) ports(target *[]Port) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		items, ok := d.sequence(field, n, `["80:80", "443:443"]`)
		if !ok {
			return
		}
		if len(items) == 0 {
			d.fail(n, field, `is empty, and nobody would reach the site; write ["80:80", "443:443"] for example`)
			return
		}
		ports := make([]Port, 0, len(items))
		for i, item := range items {
			name := fmt.Sprintf("%s[%d]", field, i)
			if number, ok := d.resolve(item).(*ast.IntegerNode); ok {
				value := number.GetToken().Value
				d.fail(item, name, `is %s alone, which publishes a random port of the host; write "%s:%s"`, value, value, value)
				continue
			}
			text, ok := d.text(name, item)
			if !ok {
				continue
			}
			port, err := ParsePort(text)
			if d.reject(item, name, err) {
				continue
			}
			if j := slices.IndexFunc(ports, port.clashes); j >= 0 {
				d.fail(item, name, "%q takes the host's port %d, which %q takes already; delete one of them or change its port", text, port.Host, ports[j])
				continue
			}
			ports = append(ports, port)
		}
		*target = ports
	}
}

func (d *decoder) command(target *[]string) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		if _, list := d.resolve(n).(*ast.SequenceNode); list {
			d.texts(target, `[bash, ./start.sh]`, checkNoNUL)(field, n)
			return
		}
		text, ok := d.text(field, n)
		if !ok {
			return
		}
		words, err := SplitCommand(text)
		if !d.reject(n, field, err) {
			*target = words
		}
	}
}

func (d *decoder) environment(target *map[string]string) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		if _, empty := d.resolve(n).(*ast.NullNode); empty {
			return
		}
		if _, list := d.resolve(n).(*ast.SequenceNode); list {
			d.fail(n, field, "is a list; write one NAME: value a line below it, indented and without a dash")
			return
		}
		entries, ok := d.entries(n, field)
		if !ok {
			return
		}
		values := make(map[string]string, len(entries))
		for _, e := range entries {
			name := join(field, e.name)
			if d.reject(e.key, field, checkVariable(e.name)) {
				continue
			}
			switch v := d.resolve(e.value).(type) {
			case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
				values[e.name] = v.GetToken().Value // as it is written: 0755 stays 0755
			case *ast.NullNode:
				d.fail(e.key, name, `has no value; write "" for an empty one, or put a secret into the file that site.environment_file names`)
			default:
				if text, ok := d.text(name, e.value); ok && !d.reject(e.value, name, checkNoNUL(text)) {
					values[e.name] = text
				}
			}
		}
		*target = values
	}
}

func (d *decoder) environmentFile(target *string) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		text, ok := d.text(field, n)
		if !ok || text == "" {
			return // empty: no file
		}
		path, err := local(d.dir, text)
		if d.reject(n, field, err) {
			return
		}
		if _, err := ReadEnvironment(path); d.reject(n, field, err) {
			return
		}
		*target = path
	}
}

func (d *decoder) volumes(target *[]string) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		before := len(d.problems)
		d.texts(target, `["/srv/data:/data"]`, CheckVolume)(field, n)
		if len(d.problems) > before {
			return // the numbers of the entries no longer fit
		}
		first := map[string]string{}
		for i, volume := range *target {
			to := path.Clean(strings.Split(volume, ":")[1])
			if before, twice := first[to]; twice {
				d.failField(fmt.Sprintf("%s[%d]", field, i), fmt.Sprintf("%q mounts at %s, where %q does already; delete one of them", volume, to, before))
			}
			first[to] = volume
		}
	}
}

func (d *decoder) options(target *[]string) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		before := len(d.problems)
		d.texts(target, `["--memory=512m"]`, checkNoNUL)(field, n)
		if len(d.problems) > before {
			return // the numbers of the entries no longer fit
		}
		if i, err := checkOptions(*target); err != nil {
			if list, ok := d.resolve(n).(*ast.SequenceNode); ok && i < len(list.Values) {
				n = list.Values[i]
			}
			d.reject(n, fmt.Sprintf("%s[%d]", field, i), err)
		}
	}
}

func (d *decoder) domain(target *string) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		text, ok := d.text(field, n)
		if !ok {
			return
		}
		name, err := ParseDomain(text)
		if !d.reject(n, field, err) {
			*target = name
		}
	}
}

func (d *decoder) health(h *Health) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		d.mapping(n, field, []key{
			{"path", d.checked(&h.Path, CheckHealthPath)},
			{"status", d.integer(&h.Status, 100, 599)},
			{"text", d.checked(&h.Text, checkNoNUL)},
			{"timeout", d.duration(&h.Timeout)},
		})
	}
}

// maxTimeout bounds health.timeout: whoever waits longer for a container waits for one that will not come.
const maxTimeout = time.Hour

func (d *decoder) duration(target *time.Duration) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		if number, ok := d.resolve(n).(*ast.IntegerNode); ok {
			d.fail(n, field, "is a number without a unit; write %ss for seconds", number.GetToken().Value)
			return
		}
		text, ok := d.text(field, n)
		if !ok {
			return
		}
		value, err := time.ParseDuration(text)
		if err != nil || value <= 0 || value > maxTimeout {
			d.fail(n, field, "%q is no duration above zero and up to %s; write 60s or 2m for example", text, maxTimeout)
			return
		}
		*target = value
	}
}

func (d *decoder) log(l *Log) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		d.mapping(n, field, []key{
			{"max_size", d.checked(&l.MaxSize, checkLogSize)},
			{"max_file", d.integer(&l.MaxFile, 1, 1000)},
		})
	}
}
