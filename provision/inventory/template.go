package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Template is the inventory as an annotated inventory.yaml. Loaded from a file in inv.Dir it gives the same values. Paths
// within inv.Dir are written relative to it, and those within the home folder with ~/.
func Template(inv Inventory) []byte {
	t := &template{dir: inv.Dir}
	if home, err := os.UserHomeDir(); err == nil {
		t.home = home
	}
	t.text("# What to deploy and where to, for 'provision'. Paths on this machine are relative to this file or begin with ~/;\n" +
		"# no variable is expanded. A field that is left out has the tutorial's value.\n")
	t.text("site:\n")
	t.site(inv.Site)
	t.text("hosts:\n")
	for _, h := range inv.Hosts {
		t.host(h)
	}
	return t.out.Bytes()
}

// template collects the lines of the file.
type template struct {
	out       bytes.Buffer
	dir, home string
}

func (t *template) text(s string) { t.out.WriteString(s) }

// commentColumn is where the comments stand, counted in characters from 0.
const commentColumn = 36

// line writes a field with what it means. The prefix is the indentation, with a dash or a number sign where one is needed.
func (t *template) line(prefix, name, value, comment string) {
	text := prefix + name + ": " + value
	if comment != "" {
		text = fmt.Sprintf("%-*s # %s", commentColumn-1, text, comment)
	}
	t.text(text + "\n")
}

func (t *template) site(s Site) {
	const field = "  "
	t.line(field, "name", scalar(s.Name), "the site's name, in labels, logs and on the hosts")
	t.line(field, "source", scalar(t.path(s.Source)), "folder with the Dockerfile")
	t.line(field, "upload", list(s.Upload), `what of it to upload, "." for all; the least is [Dockerfile, resource, ssl_files]`)
	t.line(field, "directory", scalar(s.Directory), "where it lives on the host")
	t.line(field, "image", scalar(s.Image), "name and tag of the image to build")
	t.line(field, "container", scalar(s.Container), "name of the container")
	t.line(field, "ports", portList(s.Ports), "host:container, with an address before and /udp behind if need be")
	t.line(field, "command", command(s.Command), `what the container runs; "" for what the image says`)
	t.environment(s)
	t.line(field, "volumes", list(s.Volumes), "as docker run --volume, \"/srv/data:/data:ro\" for example")
	t.line(field, "options", list(s.Options), "further docker run arguments, one list entry each")
	t.line(field, "restart", scalar(s.Restart), "no, always, unless-stopped or on-failure[:tries]")
	t.line(field, "domain", scalar(s.Domain), "the name that visitors type and the certificate must cover; \"\" to not check")
	t.line(field, "certificate", scalar(s.Certificate), "relative to source; \"\", and the same for key: plain http")
	t.line(field, "key", scalar(s.Key), "relative to source")
	t.health(s.Health)
	t.line(field, "keep", strconv.Itoa(s.Keep), "previous releases to keep for rollback")
	t.line(field, "delete", strconv.FormatBool(s.Delete), "remove from the host what is no longer in source")
	t.line(field, "server", scalar(s.Server), "product the Server header must name; nginx/1.14.1 pins the version; \"\" to not check")
	t.line(field, "init", strconv.FormatBool(s.Init), "run an init process in the container, which passes signals on")
	if s.Log != (Log{}) {
		t.line(field, "log", fmt.Sprintf("{max_size: %s, max_file: %d}", scalar(s.Log.MaxSize), s.Log.MaxFile), "bounds of the container's log on the host")
	}
	t.line(field, "cutover", scalar(s.Cutover), "auto, warm (the ports move to a release that answers) or cold")
}

func (t *template) environment(s Site) {
	const comment = "plain values, in the open; NAME: value, a line each"
	if len(s.Environment) == 0 {
		t.line("  ", "environment", "{}", comment)
	} else {
		t.line("  ", "environment", "", comment)
		for _, name := range slices.Sorted(maps.Keys(s.Environment)) {
			t.line("    ", scalar(name), quoted(s.Environment[name]), "")
		}
	}
	const secrets = "optional: NAME=value lines, kept out of argv, logs and plans"
	if s.EnvironmentFile == "" {
		t.line("  # ", "environment_file", ".env", secrets)
	} else {
		t.line("  ", "environment_file", scalar(t.path(s.EnvironmentFile)), secrets)
	}
}

func (t *template) health(h Health) {
	const comment = "what a new release must answer before it gets the ports"
	fields := []string{"path: " + quotedInFlow(h.Path), "status: " + strconv.Itoa(h.Status)}
	if h.Text != "" {
		fields = append(fields, "text: "+quoted(h.Text))
	}
	fields = append(fields, "timeout: "+duration(h.Timeout))
	t.line("  ", "health", "{"+strings.Join(fields, ", ")+"}", comment)
}

func (t *template) host(h Host) {
	prefix := "  - "
	line := func(name, value, comment string) {
		t.line(prefix, name, value, comment)
		prefix = "    "
	}
	if h.Name != "" && h.Name != h.Address {
		line("name", scalar(h.Name), "")
	}
	line("address", scalar(h.Address), "name, IP address, or an alias from the SSH configuration")
	optional := func(given bool, name, value, example, comment string) {
		if given {
			line(name, value, comment)
		} else {
			t.line("    # ", name, example, comment)
		}
	}
	optional(h.Port != 0, "port", strconv.Itoa(h.Port), "22", "")
	optional(h.User != "", "user", scalar(h.User), DefaultUser, "")
	optional(h.Identity != "", "identity", scalar(t.path(h.Identity)), "~/.ssh/id_ed25519", "optional; agent and SSH configuration are used as OpenSSH would")
	optional(h.KnownHosts != "", "known_hosts", scalar(t.path(h.KnownHosts)), "~/.ssh/known_hosts", "optional")
}

// path is a path of this machine as it is written.
func (t *template) path(name string) string {
	if !filepath.IsAbs(name) {
		return name
	}
	if rel, err := filepath.Rel(t.dir, name); err == nil && t.dir != "" && filepath.IsLocal(rel) {
		if rel == "." {
			return "."
		}
		return "./" + filepath.ToSlash(rel)
	}
	if rel, err := filepath.Rel(t.home, name); err == nil && t.home != "" && filepath.IsLocal(rel) && rel != "." {
		return "~/" + filepath.ToSlash(rel)
	}
	return name
}

// scalar is a text as YAML: plain where no reader could take it for anything else, quoted otherwise.
func scalar(text string) string {
	plain := text != "" && foreign(text, nameSymbols+"/~:@+") == "" && !strings.HasSuffix(text, ":") &&
		(strings.Contains(letters+"/~", text[:1]) || strings.HasPrefix(text, "./")) && text != "~"
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
		plain = text == "no" // a restart policy; YAML 1.2 reads it as text
	}
	if plain {
		return text
	}
	return quoted(text)
}

// quoted is a text in double quotes. JSON's escapes are YAML's.
func quoted(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return strconv.Quote(text) // cannot be: a string always encodes
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// quotedInFlow is scalar within braces, where a plain text may not have what ends it there.
func quotedInFlow(text string) string {
	if text == "/" {
		return text
	}
	return quoted(text)
}

func list(items []string) string {
	parts := make([]string, len(items))
	for i, item := range items {
		parts[i] = quoted(item)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func portList(ports []Port) string {
	items := make([]string, len(ports))
	for i, p := range ports {
		items[i] = p.String()
	}
	return list(items)
}

// command is one text where splitting it gives the words again, and a list otherwise.
func command(words []string) string {
	text := strings.Join(words, " ")
	if split, err := SplitCommand(text); err == nil && slices.Equal(split, words) && foreign(text, nameSymbols+"/ :=") == "" && text != "" {
		if strings.Contains(letters+"/.", text[:1]) && !strings.Contains(text, ": ") && !strings.HasSuffix(text, ":") {
			return text
		}
		return quoted(text)
	}
	return list(words)
}

// duration is a duration without the zero parts that String adds: 1m, not 1m0s.
func duration(d time.Duration) string {
	if d%time.Second == 0 && d < 10*time.Minute {
		return strconv.FormatInt(int64(d/time.Second), 10) + "s"
	}
	return d.String()
}
