package prepare

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision/inventory"
)

// setting is a key of daemon.json, in the order of the file.
type setting struct {
	key   string
	value json.RawMessage
	ours  bool // to be written as we write it; what somebody else wrote stays as it is
}

// Daemon is daemon.json with what is wanted of it: logs that are bounded, containers that live on while the engine is replaced, and
// what the inventory asks for. What somebody else has set stays, and so does its order. An error is one of the file that is there.
func (d Docker) Daemon(p inventory.PrepareDocker) (string, error) {
	settings, err := readSettings(d.DaemonText)
	if err != nil {
		return "", err
	}
	before := len(settings)
	changed := false
	set := func(key string, value any) {
		text, err := json.Marshal(value)
		if err != nil {
			return // cannot be: it is JSON, or made of texts
		}
		i := slices.IndexFunc(settings, func(s setting) bool { return s.key == key })
		switch {
		case i < 0:
			settings = append(settings, setting{key, text, true})
		case same(settings[i].value, text):
			return
		default:
			settings[i].value, settings[i].ours = text, true
		}
		changed = true
	}
	if driver := text(settings, "log-driver"); driver == "" || driver == "json-file" || driver == "local" {
		options := map[string]any{}
		_ = json.Unmarshal(value(settings, "log-opts"), &options) // what is no object, dockerd refuses
		for key, limit := range map[string]string{"max-size": "10m", "max-file": "3"} {
			if _, there := options[key]; !there {
				options[key] = limit
			}
		}
		set("log-opts", options)
	}
	if value(settings, "live-restore") == nil && !d.Swarm { // a swarm's manager refuses it
		set("live-restore", true)
	}
	if len(p.Mirrors) > 0 {
		var mirrors []string
		_ = json.Unmarshal(value(settings, "registry-mirrors"), &mirrors)
		for _, mirror := range p.Mirrors {
			if !slices.ContainsFunc(mirrors, func(m string) bool { return strings.TrimSuffix(m, "/") == strings.TrimSuffix(mirror, "/") }) {
				mirrors = append(mirrors, mirror)
			}
		}
		set("registry-mirrors", mirrors)
	}
	for _, key := range sortedKeys(p.Daemon) {
		set(key, p.Daemon[key])
	}
	if !changed && before == len(settings) {
		return d.DaemonText, nil
	}
	return writeSettings(settings), nil
}

func readSettings(text string) ([]setting, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, errors.Join(errNoObject, err)
	}
	var settings []setting
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := key.(string)
		s := setting{key: name}
		if err := decoder.Decode(&s.value); err != nil {
			return nil, err
		}
		settings = append(settings, s)
	}
	_, err := decoder.Token()
	return settings, err
}

var errNoObject = errors.New("no JSON object")

func writeSettings(settings []setting) string {
	var out bytes.Buffer
	out.WriteString("{\n")
	for i, s := range settings {
		key, _ := json.Marshal(s.key) // a string always is
		out.WriteString("  ")
		out.Write(key)
		out.WriteString(": ")
		if !s.ours || json.Indent(&out, s.value, "  ", "  ") != nil {
			out.Write(s.value)
		}
		if i < len(settings)-1 {
			out.WriteString(",")
		}
		out.WriteString("\n")
	}
	out.WriteString("}\n")
	return out.String()
}

func value(settings []setting, key string) json.RawMessage {
	for _, s := range settings {
		if s.key == key {
			return s.value
		}
	}
	return nil
}

func text(settings []setting, key string) (text string) {
	_ = json.Unmarshal(value(settings, key), &text)
	return text
}

// same reports whether two texts are the same value.
func same(a, b json.RawMessage) bool {
	return canonical(a) == canonical(b)
}

func canonical(text json.RawMessage) string {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return string(text)
	}
	out, _ := json.Marshal(value) // it was JSON
	return string(out)
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
