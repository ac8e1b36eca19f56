// Command visitor asks a page for ever, every 5 ms and each time over a new TLS connection, until its standard input ends. With
// -patient it asks for the next page once the one before came, as one person does, and waits longer for each. At the end
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

// How long the visitor waits for an answer. A first packet that is lost is sent again after one second, and then after two more.
const (
	giveUp        = 2 * time.Second
	giveUpPatient = 10 * time.Second
)

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
	Visits  int           `json:"visits"`
	Outages []Outage      `json:"outages"`
	Slowest time.Duration `json:"slowest"` // nanoseconds; of the requests that were answered with the page
}

type visit struct {
	begun time.Time
	took  time.Duration
	err   error // nil: the page came
}

func main() {
	pace := flag.Duration("pace", 5*time.Millisecond, "between two requests")
	patient := flag.Bool("patient", false, "ask for the next page once the one before came, or failed")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: visitor [-pace DURATION] [-patient] URL")
		os.Exit(2)
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if err := json.NewEncoder(os.Stdout).Encode(report(walk(ctx, flag.Arg(0), *pace, *patient))); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// walk visits until ctx ends. A visit that is under way then says nothing.
func walk(ctx context.Context, url string, pace time.Duration, patient bool) []visit {
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
		wait := giveUp
		if patient {
			wait = giveUpPatient
		}
		group.Go(func() {
			seen := visit{begun: time.Now()}
			asked, cancel := context.WithTimeout(ctx, wait)
			defer cancel()
			seen.err = ask(asked, url)
			seen.took = time.Since(seen.begun)
			if ctx.Err() != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			visits = append(visits, seen)
		})
		if patient {
			group.Wait()
		}
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
		if seen.err == nil {
			r.Slowest = max(r.Slowest, seen.took)
		}
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
