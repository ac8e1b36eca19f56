package state_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision/shell/shelltest"
	"github.com/kehuo/provision/provision/state"
)

func TestHistory(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		directory, dir := newSite(t)
		if records := state.ParseHistory([]byte(s.Run(t, state.History(directory)))); len(records) != 0 {
			t.Errorf("a new host has the history %v", records)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		record := state.Record{Time: time.Date(2026, 3, 1, 9, 30, 0, 0, time.UTC), Who: `o'brien@"x"`, Command: "provision --yes", Outcome: "line\nbreak $HOME %s", Changed: 4, DurationMS: 1500}
		s.Run(t, state.Append(directory, record))
		file := filepath.Join(dir, "history")
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(content, []byte("{\"time\":\"20\n")...), 0o600); err != nil { // a full disk
			t.Fatal(err)
		}
		record.Who = "second"
		s.Run(t, state.Append(directory, record))
		records := state.ParseHistory([]byte(s.Run(t, state.History(directory))))
		if len(records) != 2 || records[0].Who != `o'brien@"x"` || records[0].Outcome != record.Outcome || records[1].Who != "second" || !records[1].Time.Equal(record.Time) {
			t.Errorf("the history is %+v", records)
		}

		line := bytes.SplitAfter(content, []byte("\n"))[0]
		if err := os.WriteFile(file, bytes.Repeat(line, 1000), 0o600); err != nil {
			t.Fatal(err)
		}
		record.Who = "last"
		s.Run(t, state.Append(directory, record))
		records = state.ParseHistory([]byte(s.Run(t, state.History(directory))))
		if len(records) != 500 || records[499].Who != "last" {
			t.Errorf("a long history is cut to %d records, the last one of %s", len(records), records[len(records)-1].Who)
		}
	})
}

func TestHistoryIsBounded(t *testing.T) {
	shelltest.Each(t, func(t *testing.T, s shelltest.Shell) {
		directory, dir := newSite(t)
		write(t, filepath.Join(dir, "history"), strings.Repeat("x", 5<<20)+"\n{\"who\":\"a\\u001b[31mb\"}\n")
		text := s.Run(t, state.History(directory))
		if records := state.ParseHistory([]byte(text)); len(text) > 1<<20 || len(records) != 1 || records[0].Who != "ab" {
			t.Errorf("%d bytes are read as %+v", len(text), records)
		}
	})
}
