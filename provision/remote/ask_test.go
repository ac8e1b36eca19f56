//go:build host

package remote_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
)

// person answers decisions by their kind, one answer after another, and notes what was asked.
type person struct {
	mu      sync.Mutex
	answers map[provision.DecisionKind][]string
	asked   []provision.Decision
}

func (p *person) ask(_ context.Context, d provision.Decision) (provision.Answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, d)
	answers := p.answers[d.Kind]
	if len(answers) == 0 {
		return provision.Answer{}, &provision.UnansweredError{Decision: d}
	}
	p.answers[d.Kind] = answers[1:]
	if d.Secret {
		return provision.Answer{Secret: provision.NewSecret(answers[0])}, nil
	}
	return provision.Answer{Choice: answers[0]}, nil
}

func (p *person) times(kind provision.DecisionKind) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, d := range p.asked {
		if d.Kind == kind {
			n++
		}
	}
	return n
}

// toldOfRefusal checks that the second of two questions says that the first answer was wrong.
func (p *person) toldOfRefusal(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.asked) < 2 || p.asked[0].Detail != "" || p.asked[1].Detail != "That was not accepted. Try again." {
		t.Errorf("a wrong answer is followed by %+v", p.asked)
	}
}

// asking puts a person at the keyboard.
func asking(p *person) func(*remote.Config) { return func(c *remote.Config) { c.Ask = p.ask } }

// untilOutput cancels a context at the first output.
type untilOutput struct {
	cancel context.CancelFunc
	want   string // what the output must contain first
	mu     sync.Mutex
	b      bytes.Buffer
}

func contextUntilOutput(t testing.TB) (context.Context, *untilOutput) {
	ctx, cancel := context.WithCancel(t.Context())
	return ctx, &untilOutput{cancel: cancel}
}

func (u *untilOutput) Write(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	n, err := u.b.Write(p)
	if strings.Contains(u.b.String(), u.want) {
		u.cancel()
	}
	return n, err
}

func (u *untilOutput) String() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.b.String()
}
