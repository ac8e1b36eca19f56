package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/report"
)

func TestAReportTellsWhatWasTriedAndHidesTheRest(t *testing.T) {
	env := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(env, []byte("\xef\xbb\xbfFIRST=firstsecret\n# the database\n  TOKEN=hunter2hunter2\r\nQUOTED= \"in quotes\" \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inv := &inventory.Inventory{Site: inventory.Site{Domain: "kevinhuo.cool", EnvironmentFile: env},
		Hosts: []inventory.Host{{Name: "aliyun", Address: "203.0.113.10", User: "kevin"}}}
	var r report.Recorder
	r.Emit(provision.Event{Body: provision.RunStarted{}})
	r.Emit(provision.Event{Host: "aliyun", Step: "07-build", Body: provision.StepCommand{Command: "docker build -t myweb ."}})
	r.Emit(provision.Event{Host: "aliyun", Step: "07-build", Body: provision.Finding{Cause: "The disk is full."}})
	r.Emit(provision.Event{Host: "aliyun", Step: "07-build", Body: provision.StepFinished{Status: provision.StatusFailed, Err: provision.Fail("lock.gone", "aliyun")}})
	mask, err := report.MaskOf(inv, false)
	if err != nil {
		t.Fatal(err)
	}
	log := "connected to 203.0.113.10 as kevin for kevinhuo.cool, TOKEN is hunter2hunter2, and firstsecret, and in quotes"
	text := r.Text(time.Now(), "1.0", log, mask, language.Keys())
	for _, want := range []string{"docker build -t myweb .", "The disk is full.", "07-build failed: lock.gone([host 2])"} {
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
	text = r.Text(time.Now(), "1.0", log, mask, language.New(language.English))
	if !strings.Contains(text, "203.0.113.10") || strings.Contains(text, "hunter2") {
		t.Errorf("with addresses agreed to the report is:\n%s", text)
	}
}

func TestSecretsOfAnInventory(t *testing.T) {
	env := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(env, []byte("DOMAIN=kevinhuo.cool\nDB_PASSWORD=hunter2hunter2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inv := &inventory.Inventory{Site: inventory.Site{Domain: "kevinhuo.cool", EnvironmentFile: env,
		Environment: map[string]string{"SECRET_KEY": "in the inventory", "LANG": "C.UTF-8", "AUTHOR": "kevin huo"}}}
	secrets, err := report.Secrets(inv)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, s := range secrets {
		got[s.Reveal()] = true
	}
	if len(got) != 2 || !got["hunter2hunter2"] || !got["in the inventory"] {
		t.Errorf("%v", got)
	}
}

func TestUnreadableSecretsAreAnError(t *testing.T) {
	dir := t.TempDir()
	_, err := report.MaskOf(&inventory.Inventory{Site: inventory.Site{EnvironmentFile: dir}}, false)
	if provision.CodeOf(err) != "report.secrets" {
		t.Errorf("%v", err)
	}
}
