package inventory

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
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
		{"volumes", d.texts(&s.Volumes, `["/srv/data:/data"]`, CheckVolume)},
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
		path, err := d.local(text)
		if d.reject(n, field, err) {
			return
		}
		if _, err := ReadEnvironment(path); d.reject(n, field, err) {
			return
		}
		*target = path
	}
}

func (d *decoder) options(target *[]string) func(string, ast.Node) {
	return func(field string, n ast.Node) {
		d.texts(target, `["--memory=512m"]`, checkNoNUL)(field, n)
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

// wholeSite checks what takes more than one field to tell, once each field is valid by itself.
func (d *decoder) wholeSite(s *Site) {
	if len(d.problems) > 0 {
		return
	}
	d.sourceFolder(s)
	if len(d.problems) > 0 {
		return
	}
	d.pairFiles(s)
	for i, entry := range s.Upload {
		s.Upload[i] = path.Clean(entry)
		if err := checkUploaded(s.Source, entry); err != nil {
			d.failField(fmt.Sprintf("site.upload[%d]", i), err.Error())
		}
	}
	if len(d.problems) > 0 {
		return
	}
	for _, needed := range []struct{ field, path string }{{"the Dockerfile", "Dockerfile"}, {"site.certificate", s.Certificate}, {"site.key", s.Key}} {
		if needed.path != "" && !uploads(s.Upload, needed.path) {
			d.failField("site.upload", fmt.Sprintf("does not include %s (%s), which the image needs; add it to the list", needed.path, needed.field))
		}
	}
	d.logOptions(s)
}

func (d *decoder) sourceFolder(s *Site) {
	given := s.Source
	folder, err := d.local(given)
	if err == nil {
		s.Source = folder
		err = checkFolder(folder)
	}
	if err != nil {
		d.failField("site.source", err.Error())
	}
}

// pairFiles applies to certificate and key what holds for both of them.
func (d *decoder) pairFiles(s *Site) {
	_, certificateGiven := d.positions["site.certificate"]
	_, keyGiven := d.positions["site.key"]
	product, _, _ := strings.Cut(s.Server, "/")
	switch {
	case product != "nginx" && !certificateGiven && !keyGiven:
		s.Certificate, s.Key = "", "" // the tutorial's pair belongs to its nginx
	case (s.Certificate == "") != (s.Key == ""):
		d.failField("site.key", "and site.certificate are a pair, and one of them is empty; name both files, or leave both empty for a site without TLS")
	case s.Certificate != "" && path.Clean(s.Certificate) == path.Clean(s.Key) && certificateGiven != keyGiven:
		d.failField("site.key", "is the same file as site.certificate; name the file with the private key")
	default:
		for _, p := range []*string{&s.Certificate, &s.Key} {
			if *p != "" {
				*p = path.Clean(*p)
			}
		}
	}
}

// logOptions leaves the log to the options where these choose the log driver.
func (d *decoder) logOptions(s *Site) {
	if !choosesLogDriver(s.Options) {
		return
	}
	if _, both := d.positions["site.log"]; both {
		d.failField("site.log", "and a --log option in site.options contradict each other; keep one of them")
	}
	s.Log = Log{}
}

// failField notes a problem with a field that may not be in the file: then it shows at the nearest field around it.
func (d *decoder) failField(field, problem string) {
	name := field
	for name != "" {
		if p, ok := d.values[name]; ok {
			d.problems = append(d.problems, d.errorAt(p, field, field+" "+problem))
			return
		}
		name = name[:max(strings.LastIndexAny(name, ".["), 0)]
	}
	d.problems = append(d.problems, d.errorAt(position{1, 1}, field, field+" "+problem))
}

// local is the absolute path of a path on this machine: a leading ~/ is the home folder, and the rest refers to d.dir.
func (d *decoder) local(name string) (string, error) {
	switch {
	case name == "~" || strings.HasPrefix(name, "~/"):
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("%q begins with ~ and there is no home folder (%w); write the whole path", name, err)
		}
		return filepath.Join(home, name[1:]), nil
	case strings.HasPrefix(name, "~"):
		return "", fmt.Errorf("%q names another user's home folder, which is not looked up; write the whole path", name)
	case filepath.IsAbs(name):
		return filepath.Clean(name), nil
	}
	return filepath.Join(d.dir, filepath.FromSlash(name)), nil
}
