// Package sitelog reads what a site writes to its log: the requests of visitors, and how grave a line is.
package sitelog

import (
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/safetext"
)

// Request is a line of an access log.
type Request struct {
	At     time.Time
	Status int
	Text   string // method, path and protocol, harmless and short
	inside bool   // it came from the container itself: from nginx to the application behind it, for example
}

const (
	requestLimit = 200 // bytes of a request's text
	accessTime   = "02/Jan/2006:15:04:05 -0700"
)

// ParseRequest reads a line in nginx' formats combined and main, which begin alike, or in those of Apache and gunicorn; ok is false for any
// other line.
func ParseRequest(line string) (r Request, ok bool) {
	from, rest, found := strings.Cut(line, " [")
	at, rest, quoted := strings.Cut(rest, `] "`)
	text, rest, ended := strings.Cut(rest, `" `)
	if !found || !quoted || !ended || len(at) != len(accessTime) || len(rest) < 3 || len(rest) > 3 && rest[3] != ' ' {
		return r, false
	}
	for _, figure := range rest[:3] {
		if figure < '0' || figure > '9' {
			return r, false
		}
		r.Status = r.Status*10 + int(figure-'0')
	}
	var err error
	if r.At, err = time.Parse(accessTime, at); err != nil || r.Class() < 0 {
		return r, false
	}
	r.Text = safetext.OneLine(text, requestLimit)
	from, _, _ = strings.Cut(from, " ")
	r.inside = from == "" || from == "-" || from == "::1" || strings.HasPrefix(from, "127.")
	return r, true
}

// Class is the class of the status: 0 for 2xx to 3 for 5xx, negative for any other.
func (r Request) Class() int {
	if class := r.Status/100 - 2; class < Classes {
		return class
	}
	return -1
}

// The measures of what Traffic keeps.
const (
	Classes     = 4  // of status: 2xx, 3xx, 4xx, 5xx
	Minutes     = 60 // that are counted
	failedKept  = 50 // requests
	clockMayErr = time.Hour
)

// Traffic counts the requests that a log tells of, by minute and class of status, in bounded space. The zero value has none.
type Traffic struct {
	slots   [Minutes]slot // of a minute at its number modulo Minutes
	newest  time.Time
	begun   time.Time // older ones were in the log before
	visited bool      // a request from outside the container was seen
	failed  []Request
}

type slot struct {
	minute int64
	count  [Classes]int
}

// Begin tells that another log of the same site follows, the first lines of which may be known already.
func (t *Traffic) Begin() { t.begun = t.newest }

// Add counts a request, seen now. One that nginx passes on is in the log of the application too, and counts once. Times that no clock of a
// host can have are left out.
func (t *Traffic) Add(r Request, now time.Time) {
	if r.At.Before(t.begun) || r.At.After(now.Add(clockMayErr)) || now.Sub(r.At) >= Minutes*time.Minute {
		return
	}
	switch {
	case r.inside && t.visited:
		return
	case !r.inside && !t.visited:
		*t = Traffic{begun: t.begun, visited: true}
	}
	minute := minuteOf(r.At)
	s := &t.slots[minute%Minutes]
	switch {
	case s.minute > minute:
		return
	case s.minute < minute:
		*s = slot{minute: minute}
	}
	s.count[r.Class()]++
	if r.At.After(t.newest) {
		t.newest = r.At
	}
	if r.Status >= 400 {
		t.failed = append(t.failed[max(0, len(t.failed)-failedKept+1):], r)
	}
}

func minuteOf(t time.Time) int64 { return max(t.Unix()/60, 0) }

// Counts are the last minutes of a class, the one that is under way last: now, or that of a host whose clock is ahead.
func (t *Traffic) Counts(class int, now time.Time) (counts [Minutes]int) {
	last := minuteOf(now)
	if !t.newest.IsZero() {
		last = max(last, minuteOf(t.newest))
	}
	for i := range counts {
		minute := last - int64(Minutes-1-i)
		if s := t.slots[max(minute, 0)%Minutes]; s.minute == minute {
			counts[i] = s.count[class]
		}
	}
	return counts
}

// Failed are the last requests that were answered 4xx or 5xx, the newest first.
func (t *Traffic) Failed() []Request {
	failed := slices.Clone(t.failed)
	slices.Reverse(failed)
	return failed
}

// None reports whether no request was seen.
func (t *Traffic) None() bool { return t.newest.IsZero() }
