// Package story plays a deployment that never happens: the engine walks eleven scripted steps, with the events, questions
// and failures of a real run. Tests and the pictures of the screens stand on it.
package story

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

// Options steers the story. The zero value is one host where all is changed at once, without a question.
type Options struct {
	Words     *language.Printer
	Hosts     []string         // default: aliyun
	Pace      time.Duration    // how long each small thing takes; 0: no time at all
	HostKey   bool             // ask to confirm the host key
	Password  bool             // ask for the password
	Satisfied bool             // nothing has to change
	Lasting   bool             // there is something to remember of the site
	Failures  int              // how many times the build fails before it succeeds
	Lines     int              // further lines of build output
	Block     chan struct{}    // if set, the build waits here after its first line, or for the end of the run
	Panic     bool             // panic in place of a deployment
	Now       func() time.Time // default: time.Now
}

// Story is a deployment that can be played again: steps that succeeded stay so.
type Story struct {
	options Options
	mu      sync.Mutex
	failed  int
	done    map[string]bool // by host and step
}

// New returns a story.
func New(o Options) *Story {
	if o.Words == nil {
		o.Words = language.New(language.English)
	}
	if o.Hosts == nil {
		o.Hosts = []string{"aliyun"}
	}
	return &Story{options: o, done: map[string]bool{}}
}

// Deploy plays it once.
func (s *Story) Deploy(ctx context.Context, sink provision.Sink, d provision.Decider) provision.RunFinished {
	if s.options.Panic {
		panic("the story went wrong")
	}
	var targets []provision.Target
	for _, name := range s.options.Hosts {
		targets = append(targets, &target{story: s, name: name})
	}
	return provision.Run(ctx, targets, provision.Options{Site: "myweb", LogFile: "myweb.log", Sink: sink, Decider: d, Now: s.options.Now,
		Approve: func(host string, changes int) string { return s.options.Words.T("prompt.plan", changes, host) }})
}

func (s *Story) pause(ctx context.Context) error {
	if s.options.Pace == 0 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(s.options.Pace):
		return nil
	}
}

func (s *Story) satisfied(host, step string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.options.Satisfied || s.done[host+step]
}

func (s *Story) finish(host, step string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done[host+step] = true
}

// fails tells whether the build fails this time.
func (s *Story) fails() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed++
	return s.failed <= s.options.Failures
}

type target struct {
	story *Story
	name  string
}

func (t *target) Name() string { return t.name }

func (t *target) Steps() []provision.Step {
	var list []provision.Step
	for _, id := range []string{"01-login", "02-directory", "03-dockerfile", "04-certificate-lines", "05-nginx-config",
		"06-files", "07-build", "08-image", "09-run", "10-status", "11-site"} {
		list = append(list, &step{t, id})
	}
	return list
}

func (t *target) Connect(ctx context.Context, r *provision.Reporter) error {
	o := t.story.options
	r.Command("ssh kevin@203.0.113.10")
	if err := t.story.pause(ctx); err != nil {
		return err
	}
	if o.HostKey {
		answer, err := r.Ask(ctx, HostKey())
		if err != nil {
			return err
		}
		if answer.Choice != provision.AnswerYes {
			return provision.WithExit(provision.ExitUnreachable, errors.New("the host key of 203.0.113.10 was not accepted"))
		}
	}
	if o.Password {
		if _, err := r.Ask(ctx, Password()); err != nil {
			return err
		}
	}
	return nil
}

func (t *target) Begin(context.Context, *provision.Reporter, []provision.Change) error { return nil }

func (t *target) Close(context.Context, provision.HostResult) error { return nil }

func (t *target) Explain(step string, err error) []provision.Finding {
	if step != "07-build" {
		return nil
	}
	return []provision.Finding{{
		Severity: provision.SeverityError,
		Code:     "build.pip-not-found",
		Cause:    "pip found no package called flask-restfull. The name is misspelt, or the package index does not have it.",
		Evidence: "ERROR: No matching distribution found for flask-restfull",
		Fix:      "Correct the name in requirements.txt (flask-restful?), then retry.",
		File:     "requirements.txt",
		Line:     2,
	}}
}

// Lasting implements provision.Warner.
func (t *target) Lasting() []provision.Finding {
	if !t.story.options.Lasting {
		return nil
	}
	return []provision.Finding{
		{Severity: provision.SeverityWarning, Code: "dns", Cause: "kevinhuo.cool leads to 192.0.2.1, the host is at 203.0.113.10"},
		{Severity: provision.SeverityInfo, Code: "site.key-in-image", Cause: "The key is in the image."},
	}
}

func errBuild(name string) error {
	return fmt.Errorf("docker build on %s ended with exit status 1 at step 5 of 9; see the finding above", name)
}

// HostKey is the question about the host's key.
func HostKey() provision.Decision {
	return provision.Decision{
		Kind:     provision.DecideHostKey,
		Host:     "aliyun",
		Step:     "01-login",
		Question: "Is this the key of 203.0.113.10?",
		Detail:   "ED25519 key fingerprint is\nSHA256:Qm9Y3b0T1uYkM2l5x3cU5s3F1cZ0Yq1q8q2b8w7a9Zk",
		Options:  []provision.Option{{ID: provision.AnswerYes, Label: "yes"}, {ID: provision.AnswerNo, Label: "no"}},
		Default:  provision.AnswerYes,
	}
}

// Password is the question about the login's password.
func Password() provision.Decision {
	return provision.Decision{Kind: provision.DecidePassword, Host: "aliyun", Step: "01-login",
		Question: "Password of kevin@203.0.113.10", Secret: true}
}
