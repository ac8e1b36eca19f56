package main

import (
	"bytes"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui/lines"
)

// What an application prints of its environment file reaches no reader: neither the events, nor the log, nor the lines.
func TestSecretsReachNoReader(t *testing.T) {
	const secret = `s3cr3t/of "the" site`
	dir := t.TempDir()
	file := filepath.Join(dir, ".env")
	if err := os.WriteFile(file, []byte("PASSWORD="+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &session{
		flags: &flags{logFile: filepath.Join(dir, "run.log"), inventory: filepath.Join(dir, "inventory.yaml")}, words: language.New(language.English),
		inventory: &inventory.Inventory{Site: inventory.Site{Name: "myweb", EnvironmentFile: file}},
	}
	var events, text bytes.Buffer
	sink, err := s.sink(lines.NewJSON(&events, s.words), lines.NewPlain(&text, s.words, true))
	if err != nil {
		t.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte("user:" + secret))
	emit := func(body provision.Body) { sink(provision.Event{Host: "cloud", Step: "09-run", Body: body}) }
	emit(provision.StepOutput{Stream: provision.StreamOut, Text: "connecting with " + secret + "\nAuthorization: Basic " + encoded})
	emit(provision.Finding{Severity: provision.SeverityError, Cause: "refused " + secret, Evidence: secret, Fix: secret})
	failure := provision.Fail("release.candidate-run", "c", "cloud", provision.ForeignError("docker said "+secret))
	emit(provision.StepFinished{Status: provision.StatusFailed, Err: failure})
	emit(provision.RunFinished{Hosts: map[string]provision.HostResult{"cloud": {Status: provision.StatusFailed, Err: provision.WithExit(4, failure)}}})
	if err := s.readers.close(); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(s.flags.logFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"the events": events.String(), "the lines": text.String(), "the log": string(log)} {
		for _, form := range []string{secret, `s3cr3t/of \"the\" site`, encoded, "s3cr3t"} {
			if strings.Contains(got, form) {
				t.Errorf("%s have %q: %s", name, form, got)
			}
		}
		if !strings.Contains(got, "connecting with") || !strings.Contains(got, "docker said") {
			t.Errorf("%s lack what is no secret: %s", name, got)
		}
	}
}
