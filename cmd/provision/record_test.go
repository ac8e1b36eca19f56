package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
)

func TestAReportTellsWhatWasTriedAndHidesTheRest(t *testing.T) {
	env := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(env, []byte("\xef\xbb\xbfFIRST=firstsecret\n# the database\n  TOKEN=hunter2hunter2\r\nQUOTED= \"in quotes\" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inv := &inventory.Inventory{Site: inventory.Site{Domain: "kevinhuo.cool", EnvironmentFile: env},
		Hosts: []inventory.Host{{Name: "aliyun", Address: "203.0.113.10", User: "kevin"}}}
	var r recorder
	r.Emit(provision.Event{Body: provision.RunStarted{}})
	r.Emit(provision.Event{Host: "aliyun", Step: "07-build", Body: provision.StepCommand{Command: "docker build -t myweb ."}})
	r.Emit(provision.Event{Host: "aliyun", Step: "07-build", Body: provision.Finding{Cause: "The disk is full."}})
	mask, err := maskOf(inv, false)
	if err != nil {
		t.Fatal(err)
	}
	log := "connected to 203.0.113.10 as kevin for kevinhuo.cool, TOKEN is hunter2hunter2, and firstsecret, and in quotes"
	text := r.report(log).Text(mask, language.English)
	for _, want := range []string{"docker build -t myweb .", "The disk is full."} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the report:\n%s", want, text)
		}
	}
	for _, hidden := range []string{"203.0.113.10", "aliyun", "kevinhuo.cool", "hunter2", "firstsecret", "in quotes"} {
		if strings.Contains(text, hidden) {
			t.Errorf("%q is in the report:\n%s", hidden, text)
		}
	}
	mask.ShowAddresses, mask.ShowNames = true, true
	text = r.report(log).Text(mask, language.English)
	if !strings.Contains(text, "203.0.113.10") || strings.Contains(text, "hunter2") {
		t.Errorf("with addresses agreed to the report is:\n%s", text)
	}
}
