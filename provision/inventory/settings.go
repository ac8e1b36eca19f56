package inventory

import (
	"cmp"
	"strconv"
	"time"
)

// CheckSettings judges what of a site decides how its container runs and what it must answer, as Parse does, where it comes from
// elsewhere than a file: from what a host has kept of a release. What is empty is not judged.
func (s Site) CheckSettings() error {
	for _, p := range s.Ports {
		if _, err := ParsePort(p.String()); err != nil {
			return ofField("ports", err)
		}
	}
	for name, value := range s.Environment {
		if err := cmp.Or(CheckVariable(name), checkNoNUL(value)); err != nil {
			return ofField("environment", err)
		}
	}
	for _, word := range s.Command {
		if err := checkNoNUL(word); err != nil {
			return ofField("command", err)
		}
	}
	for _, v := range s.Volumes {
		if err := CheckVolume(v); err != nil {
			return ofField("volumes", err)
		}
	}
	if _, err := checkOptions(s.Options); err != nil {
		return ofField("options", err)
	}
	for _, text := range []struct {
		field, value string
		check        func(string) error
	}{
		{"restart", s.Restart, CheckRestart}, {"log.max_size", s.Log.MaxSize, checkLogSize}, {"domain", s.Domain, CheckDomain},
		{"server", s.Server, CheckServer}, {"health.path", s.Health.Path, CheckHealthPath}, {"health.text", s.Health.Text, checkNoNUL},
	} {
		if text.value == "" {
			continue
		}
		if err := text.check(text.value); err != nil {
			return ofField(text.field, err)
		}
	}
	for _, number := range []struct {
		field            string
		value, low, high int
	}{
		{"log.max_file", s.Log.MaxFile, 0, maxLogFiles}, {"health.status", s.Health.Status, 0, maxStatus},
		{"health.timeout", int(s.Health.Timeout / time.Second), 0, int(maxTimeout / time.Second)},
	} {
		if number.value < number.low || number.value > number.high {
			return ofField(number.field, invalid("inventory.integer-range", strconv.Itoa(number.value), number.low, number.high))
		}
	}
	return nil
}
