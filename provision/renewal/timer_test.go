package renewal

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/certificate"
	"github.com/kehuo/provision/provision/language"
)

func timerFor(t *testing.T, scheduler string) Timer {
	t.Helper()
	var program bytes.Buffer
	w := gzip.NewWriter(&program)
	_, err := w.Write([]byte("program"))
	if err = cmp.Or(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return Timer{
		Settings: Settings{
			Directory: "/home/kevin/my 100% site", Container: "myweb_https",
			Certificate: certificate.Settings{Names: []string{"example.com"}, Directory: "https://ca.example/dir"},
		},
		StateDir: "/home/kevin/.my 100% site.provision", User: "kevin", Scheduler: scheduler, Program: program.Bytes(),
	}
}

func TestWhatATimerIs(t *testing.T) {
	for scheduler, wanted := range map[string][]string{
		Systemd: {
			"# provision renews the certificate of /home/kevin/my 100% site\n[Unit]\n", "\nUser=kevin\n",
			`ExecStart="/home/kevin/.my 100%% site.provision/renew/renew"`, "\nOnCalendar=daily\nRandomizedDelaySec=20h\nPersistent=true\n", "\nenabled",
		},
		Cron: {` * * * exec '/home/kevin/.my 100\% site.provision/renew/renew' # provision-renew-myweb_https`},
	} {
		sum := sha256.Sum256([]byte("program"))
		text, err := timerFor(t, scheduler).Text()
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range append(wanted, `"container": "myweb_https"`, "program "+hex.EncodeToString(sum[:])+"\n") {
			if !strings.Contains(text, part) {
				t.Errorf("%s: there is no %q in\n%s", scheduler, part, text)
			}
		}
		found := ParseFound([]byte("aarch64\n" + scheduler + "\n\n" + text + "\n"))
		if found.Installed != text || found.Architecture() != "arm64" || found.Last != nil || found.inCrontab() != (scheduler == Cron) {
			t.Errorf("%s: found %+v", scheduler, found)
		}
	}
}

func TestAResultIsToldInEachLanguage(t *testing.T) {
	now := time.Date(2026, 12, 1, 4, 0, 0, 0, time.UTC)
	r := resultOf(now, false, provision.Fail("renewal.no-pair", "/folder"))
	if r.Said(language.English) == "" || r.Said(language.Chinese) == r.Said(language.English) {
		t.Errorf("%+v", r)
	}
	if parsed := parseResult(`{"time":"2026-12-01T04:00:00Z","outcome":{"en":"bad \u001b[31m"}}`); parsed == nil || strings.ContainsRune(parsed.Said(language.Chinese), 0x1b) {
		t.Errorf("%+v", parsed)
	}
	if ok := resultOf(now, true, nil); ok.Said(language.Chinese) != "" || !ok.Changed {
		t.Errorf("%+v", ok)
	}
}

// FuzzFound reads what a host has of a timer, whoever wrote it there.
func FuzzFound(f *testing.F) {
	f.Add([]byte("x86_64\nsystemd\n{\"time\":\"2026-12-01T04:00:00Z\",\"outcome\":{\"en\":\"no\"}}\nprogram 00\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if last := ParseFound(text).Last; last != nil && last.Time.IsZero() {
			t.Error("a result without a time")
		}
	})
}
