package sitelog

import (
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

const (
	combined = `203.0.113.77 - - [01/Mar/2026:09:29:41 +0000] "GET /a HTTP/1.1" 200 1843 "-" "Mozilla/5.0"`
	mainLine = `203.0.113.77 - kevin [01/Mar/2026:17:29:41 +0800] "POST /form HTTP/2.0" 502 157 "https://kevinhuo.cool/" "curl/8" "10.0.0.9"`
)

var morning = time.Date(2026, 3, 1, 9, 29, 41, 0, time.UTC)

func TestARequestIsRead(t *testing.T) {
	for line, want := range map[string]Request{
		combined: {At: morning, Status: 200, Text: "GET /a HTTP/1.1"},
		mainLine: {At: morning, Status: 502, Text: "POST /form HTTP/2.0"},
		`127.0.0.1 - - [01/Mar/2026:09:29:41 +0000] "GET / HTTP/1.0" 404 -`:                  {At: morning, Status: 404, Text: "GET / HTTP/1.0", inside: true},
		` - - [01/Mar/2026:09:29:41 +0000] "GET / HTTP/1.0" 301`:                             {At: morning, Status: 301, Text: "GET / HTTP/1.0", inside: true},
		`::1 - - [01/Mar/2026:09:29:41 +0000] "\x16\x03\x01\x00" 400 150 "-" "-"`:            {At: morning, Status: 400, Text: `\x16\x03\x01\x00`, inside: true},
		"9.9.9.9 - - [01/Mar/2026:09:29:41 +0000] \"GET /\x1b[31m\u202e HTTP/1.1\" 200 1 \"": {At: morning, Status: 200, Text: safetext.OneLine("GET /\x1b[31m\u202e HTTP/1.1", 200)},
	} {
		got, ok := ParseRequest(line)
		if !ok || !got.At.Equal(want.At) || got.Status != want.Status || got.Text != want.Text || got.inside != want.inside {
			t.Errorf("%q is read as %+v (%t), want %+v", line, got, ok, want)
		}
	}
	for _, line := range []string{"", "hello", `x [`, `[2026-03-01 09:29:55 +0000] [12] [ERROR] "GET /" 500 x`, strings.Replace(combined, " 200 ", " 999 ", 1),
		strings.Replace(combined, " 200 ", " 101 ", 1), strings.Replace(combined, " 200 ", " 2000 ", 1), strings.Replace(combined, " 200 ", " 2x0 ", 1),
		strings.Replace(combined, "Mar", "Foo", 1)} {
		if got, ok := ParseRequest(line); ok {
			t.Errorf("%q is read as %+v", line, got)
		}
	}
}

func request(status int, at time.Time, inside bool) Request {
	return Request{At: at, Status: status, Text: "GET /", inside: inside}
}

func TestTrafficIsCountedByMinuteAndClass(t *testing.T) {
	var traffic Traffic
	if !traffic.None() || traffic.Counts(0, morning) != [Minutes]int{} {
		t.Error("there is traffic before the first request")
	}
	for _, r := range []Request{request(200, morning, false), request(204, morning.Add(-time.Minute), false), request(301, morning, false), request(404, morning, false),
		request(500, morning.Add(-59*time.Minute), false), request(502, morning, false)} {
		traffic.Add(r, morning)
	}
	for class, want := range []map[int]int{{59: 1, 58: 1}, {59: 1}, {59: 1}, {0: 1, 59: 1}} {
		for i, n := range traffic.Counts(class, morning) {
			if n != want[i] {
				t.Errorf("%dxx: %d in minute %d, want %d", class+2, n, i, want[i])
			}
		}
	}
	if counts := traffic.Counts(0, morning.Add(10*time.Minute)); counts[49] != 1 || counts[59] != 0 {
		t.Errorf("ten minutes later there are %v", counts)
	}
	if failed := traffic.Failed(); len(failed) != 3 || failed[0].Status != 502 {
		t.Errorf("the failed ones are %v", failed)
	}
}

func TestARequestCountsOnce(t *testing.T) {
	var traffic Traffic
	count := func() int { return traffic.Counts(0, morning)[Minutes-1] }
	traffic.Add(request(200, morning, true), morning) // the application alone
	if count() != 1 {
		t.Error("an application without nginx has no requests")
	}
	traffic.Add(request(200, morning, false), morning) // nginx
	traffic.Add(request(200, morning, true), morning)  // and the application behind it
	if count() != 1 {
		t.Errorf("%d requests, want 1", count())
	}
	traffic.Begin() // the log of another container, which has told the same
	traffic.Add(request(200, morning.Add(-time.Second), false), morning)
	traffic.Add(request(200, morning, false), morning)
	if count() != 2 {
		t.Errorf("%d requests, want 2", count())
	}
}

func TestTrafficOfALyingHostIsBounded(t *testing.T) {
	var traffic Traffic
	traffic.Add(request(200, morning.Add(1000*time.Hour), false), morning)
	traffic.Add(request(200, morning.Add(-1000*time.Hour), false), morning)
	if !traffic.None() {
		t.Error("times that no clock has are counted")
	}
	traffic.Add(request(200, morning.Add(5*time.Minute), false), morning) // a clock that is ahead
	if traffic.Counts(0, morning)[Minutes-1] != 1 {
		t.Error("the newest request is out of sight")
	}
	for range 1000 {
		traffic.Add(request(500, morning, false), morning)
	}
	if n := len(traffic.Failed()); n != failedKept {
		t.Errorf("%d failed ones are kept", n)
	}
}

func TestTheLevelOfALine(t *testing.T) {
	for line, want := range map[string]provision.Severity{
		combined: provision.SeverityInfo,
		mainLine: provision.SeverityError,
		strings.Replace(combined, " 200 ", " 404 ", 1):                        provision.SeverityWarning,
		"2026/03/01 09:29:41 [error] 7#7: *1 connect() failed (111: refused)": provision.SeverityError,
		"2026/03/01 09:29:41 [warn] 7#7: conflicting server name":             provision.SeverityWarning,
		"2026/03/01 09:29:41 [notice] 1#1: no error here":                     provision.SeverityInfo,
		"[2026-03-01 09:29:55 +0000] [12] [CRITICAL] WORKER TIMEOUT (pid:13)": provision.SeverityError,
		"[2026-03-01 09:29:55 +0000] [12] [INFO] Handling signal: error":      provision.SeverityInfo,
		"time=2026-03-01T09:29:55Z level=warning msg=slow":                    provision.SeverityWarning,
		`{"time":"2026","level":"error","msg":"x"}`:                           provision.SeverityError,
		"ValueError: bad":                      provision.SeverityError,
		"/app/x.py:3: DeprecationWarning: old": provision.SeverityWarning,
		"Traceback (most recent call last):":   provision.SeverityError,
		"hello":                                provision.SeverityInfo,
		"":                                     provision.SeverityInfo,
		"a line with very many words before it says what it is about, which is info": provision.SeverityInfo,
	} {
		if got := Level(line); got != want {
			t.Errorf("%q is of level %s, want %s", line, got, want)
		}
	}
	level := Levels()
	for line, want := range map[string]provision.Severity{"Traceback (most recent call last):": provision.SeverityError} {
		if got := level(line); got != want || level("  File \"x.py\", line 3") != want || level("done") != provision.SeverityInfo {
			t.Errorf("%q is of level %s", line, got)
		}
	}
}

// FuzzRequest checks that what a visitor or a host puts into a log is read in bounded, harmless pieces.
func FuzzRequest(f *testing.F) {
	f.Add(combined)
	f.Add(mainLine)
	f.Add("9.9.9.9 - - [01/Mar/2026:09:29:41 +0000] \"GET /\x1b[31m\u202e HTTP/1.1\" 200 1 \"")
	f.Add(` - - [01/Jan/0000:00:00:00 +9999] "" 599 `)
	f.Fuzz(func(t *testing.T, line string) {
		Level(line)
		r, ok := ParseRequest(line)
		if !ok {
			return
		}
		if len(r.Text) > requestLimit+len("...") || r.Text != safetext.Line(r.Text) || r.Class() < 0 || r.Class() >= Classes {
			t.Fatalf("%q is read as %+v", line, r)
		}
		var traffic Traffic
		for _, now := range []time.Time{morning, r.At} {
			traffic.Add(r, now)
			traffic.Counts(r.Class(), now)
		}
	})
}
