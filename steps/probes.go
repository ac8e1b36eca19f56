package steps

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
)

// result is one answered, or unanswered, question.
type result struct {
	question question
	station  string // "https", "http", "host-https", "host-http"
	answer   probe.Answer
	err      error
}

// probes asks the public site from both ends while the connection is being made, so that a run that has nothing to change
// need not wait for it afterwards; and again from here as soon as a release has the ports.
type probes struct {
	host    *Host
	ctx     context.Context    // of all that are under way
	cancel  context.CancelFunc // ends it
	pending sync.WaitGroup     // all questions
	outside sync.WaitGroup     // those put from here
	mu      sync.Mutex
	asked   int // how often all was asked anew
	results []result
}

// newProbes returns probes that ask within ctx.
func newProbes(ctx context.Context, h *Host) *probes {
	ctx, cancel := context.WithCancel(ctx)
	return &probes{host: h, ctx: ctx, cancel: cancel}
}

// forget drops the answers to all questions so far, also those that are still to come.
func (p *probes) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	p.results = nil
}

// forbidden is the error of a host that was seen to refuse to connect us to its own ports; nil where it was not.
func (p *probes) forbidden() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.results {
		if remote.IsForbidden(r.err) {
			return r.err
		}
	}
	return nil
}

// anew asks once more from here: what the site answers has changed.
func (p *probes) anew() {
	p.forget()
	p.fromHere(p.ctx)
}

// fromHere asks from this machine, fromHost from the host itself through the connection.
func (p *probes) fromHere(ctx context.Context) {
	for _, q := range p.host.publicQuestions() {
		p.outside.Add(1)
		p.start(ctx, q, q.name, p.outside.Done)
	}
}

func (p *probes) fromHost(ctx context.Context, client *remote.Client) {
	for _, q := range p.host.hostQuestions(client) {
		p.start(ctx, q, "host-"+q.name, func() {})
	}
}

func (p *probes) start(ctx context.Context, q question, station string, done func()) {
	p.mu.Lock()
	asked := p.asked
	p.mu.Unlock()
	p.pending.Go(func() {
		defer done()
		answer, err := p.host.askOnce(ctx, q)
		p.mu.Lock()
		defer p.mu.Unlock()
		if asked == p.asked {
			p.results = append(p.results, result{q, station, answer, err})
		}
	})
}

// enough returns the results as soon as they tell that all is well. An answer from here came through the host, so that it
// says more than one from the host itself: where all of those are as wanted, nobody waits for what has not come in yet
// through the connection, which takes a round trip longer. Otherwise it is wait.
func (p *probes) enough() []result {
	p.outside.Wait()
	p.mu.Lock()
	arrived := slices.Clone(p.results)
	p.mu.Unlock()
	outside := func(r result) bool { return !strings.HasPrefix(r.station, "host-") }
	if slices.ContainsFunc(arrived, outside) && firstError(arrived) == nil {
		p.cancel()
		return arrived
	}
	return p.wait()
}

// wait returns the results once all are there, and forgets them: what they tell is true only once.
func (p *probes) wait() []result {
	p.pending.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	results := p.results
	p.results = nil
	return results
}

func (p *probes) close() {
	p.cancel()
	p.pending.Wait()
}

// publicQuestions are put from this machine to the host's address: what a visitor sees, whatever the DNS says. A port that the host
// keeps to itself is asked from there alone.
func (h *Host) publicQuestions() []question {
	dialer := &net.Dialer{}
	list := h.questions(func(port publicPort) string {
		if port.local() {
			return ""
		}
		return net.JoinHostPort(h.address, strconv.Itoa(port.host))
	})
	for i := range list {
		list[i].Dial = dialer.DialContext
	}
	return list
}

// hostQuestions are put from the host to itself, through the connection.
func (h *Host) hostQuestions(client *remote.Client) []question {
	list := h.questions(func(port publicPort) string {
		address := port.address
		if address == "" || address == "0.0.0.0" || address == "::" {
			address = "127.0.0.1"
		}
		return net.JoinHostPort(address, strconv.Itoa(port.host))
	})
	for i := range list {
		list[i].Dial = client.DialContext
	}
	return list
}

// verifyPause is the wait between two rounds of questions to a site that was just changed.
const verifyPause = 200 * time.Millisecond

// outsidePatience is how long a site that answers on the host as wanted may take to be reached from here: nothing has to boot
// any more, and a port that is closed on the way stays closed.
const outsidePatience = 10 * time.Second

// verify asks all questions from both ends, in rounds, until every answer is as wanted or patience is over, and returns the last
// round. A round that has begun comes to its end, or a good release would be judged by a question that was cut short.
func (h *Host) verify(ctx context.Context, patience time.Duration) []result {
	begun := time.Now()
	for {
		h.probes.forget()
		h.probes.fromHere(ctx)
		h.probes.fromHost(ctx, h.client)
		results := h.probes.wait()
		waited := time.Since(begun)
		if firstError(results) == nil || waited >= patience || waited >= outsidePatience && fromHost(results) == nil {
			return results
		}
		select {
		case <-ctx.Done():
			return results
		case <-time.After(verifyPause):
		}
	}
}

func firstError(results []result) error {
	for _, r := range results {
		if r.err != nil {
			return fmt.Errorf("%s: %w", r.station, r.err)
		}
	}
	return nil
}

// measured passes the answers on for the picture at the end of a run.
func (h *Host) measured(r *provision.Reporter, results []result) {
	for _, result := range results {
		a := result.answer
		m := provision.SiteCheck{
			Vantage: result.station, URL: a.URL, Status: a.Status, Server: a.Server, Location: a.Location, Duration: a.Duration,
		}
		if a.Certificate != nil {
			m.CertificateDays = probe.DaysLeft(a.Certificate, time.Now())
		}
		r.SiteCheck(m)
	}
}
