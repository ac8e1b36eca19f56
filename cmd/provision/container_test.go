package main

import (
	"testing"
	"time"
)

// What --since takes, and what docker is given for it: how long ago goes by the host's own clock, a time is made absolute.
func TestSince(t *testing.T) {
	zone := time.FixedZone("CST", 8*60*60)
	for text, want := range map[string]string{
		"": "", "10m": "10m", "1h30m": "1h30m", "2d": "48h", "2026-11-30": "2026-11-29T16:00:00Z", "2026-11-30 18:04": "2026-11-30T10:04:00Z",
		"2026-11-30T18:04:05": "2026-11-30T10:04:05Z", "2026-11-30T18:04:05Z": "2026-11-30T18:04:05Z", "2026-11-30T18:04:05-02:00": "2026-11-30T20:04:05Z",
	} {
		if got, err := logStart(text, zone); err != nil || got != want {
			t.Errorf("--since %q is %q (%v), want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"3x", "-5m", "0s", "0d", "-1d", "yesterday", "2026-13-01", "10"} {
		if got, err := logStart(text, zone); err == nil {
			t.Errorf("--since %q is taken as %q", text, got)
		}
	}
}
