// Command visitor asks a page for ever, every 5 ms and each time over a new TLS connection, until its standard input ends. Then
// it prints, as JSON, in which times it was not answered. Tests run it as a program of its own because a visitor under the
// race detector would be the heaviest load on the machine, and measure itself.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"
)

// giveUp is how long the visitor waits for an answer.
const giveUp = 2 * time.Second

// Outage is a time in which no request was answered: from the begin of the first that failed to the begin of the next one
// that did not.
type Outage struct {
	Begun    time.Time     `json:"begun"`
	Duration time.Duration `json:"duration"` // nanoseconds
	Wrong    time.Duration `json:"wrong"`    // the part of it from the first answer on that was a wrong one
	Failed   int           `json:"failed"`   // requests
	Why      string        `json:"why"`      // the first one's error
}

// Report is what the visitor saw.
type Report struct {
	Visits  int      `json:"visits"`
	Outages []Outage `json:"outages"`
}

type visit struct {
	begun time.Time
	err   error // nil: the page came
}

func main() {
	pace := flag.Duration("pace", 5*time.Millisecond, "between two requests")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: visitor [-pace DURATION] URL")
		os.Exit(2)
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if err := json.NewEncoder(os.Stdout).Encode(report(walk(ctx, flag.Arg(0), *pace))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// walk visits until ctx ends. A visit that is under way then says nothing.
func walk(ctx context.Context, url string, pace time.Duration) []visit {
	var (
		mu     sync.Mutex
		visits []visit
		group  sync.WaitGroup
	)
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			group.Wait()
			return visits
		case <-ticker.C:
		}
		group.Go(func() {
			seen := visit{begun: time.Now()}
			asked, cancel := context.WithTimeout(ctx, giveUp)
			defer cancel()
			seen.err = ask(asked, url)
			if ctx.Err() != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			visits = append(visits, seen)
		})
	}
}

// ask fetches the page. Whose certificate it is does not matter here: the deployment checks it.
func ask(ctx context.Context, url string) error {
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return statusError(response.StatusCode)
	}
	return nil
}

// statusError is the error of an answer that is not 200.
type statusError int

func (w statusError) Error() string { return fmt.Sprintf("status %d", int(w)) }

func report(visits []visit) Report {
	slices.SortFunc(visits, func(a, b visit) int { return a.begun.Compare(b.begun) })
	r := Report{Visits: len(visits), Outages: []Outage{}}
	open := false
	var wrong time.Time
	for _, seen := range visits {
		if seen.err != nil && !open {
			r.Outages = append(r.Outages, Outage{Begun: seen.begun, Why: seen.err.Error()})
			wrong = time.Time{}
		}
		if _, ok := seen.err.(statusError); ok && wrong.IsZero() {
			wrong = seen.begun
		}
		if seen.err != nil || open {
			last := &r.Outages[len(r.Outages)-1]
			last.Duration = seen.begun.Sub(last.Begun)
			if !wrong.IsZero() {
				last.Wrong = seen.begun.Sub(wrong)
			}
			if seen.err != nil {
				last.Failed++
			}
		}
		open = seen.err != nil
	}
	return r
}
