package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/state"
	"github.com/kehuo/provision/provision/survey"
	"github.com/kehuo/provision/steps"
)

func newUnlock() *cobra.Command {
	f := &flags{}
	var yes bool
	c := &cobra.Command{
		Use:  "unlock",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, cancel := f.withTimeout(c.Context())
			defer cancel()
			s, err := f.open("provision unlock")
			if err != nil {
				return err
			}
			return s.reach(ctx, steps.Installed(s.inventory, s.words), func(ctx context.Context, h *steps.Host) error {
				return s.unlock(ctx, c.OutOrStdout(), h, yes)
			})
		},
	}
	f.add(c)
	c.Flags().BoolVarP(&yes, "yes", "y", false, "")
	return c
}

func (s *session) unlock(ctx context.Context, out io.Writer, h *steps.Host, yes bool) error {
	held := survey.HolderOf(h.Facts().Lock)
	if held != nil && held.Alive && !yes {
		if err := s.takeAway(ctx, h.Name(), held); err != nil {
			return err
		}
	}
	if held != nil {
		_, err := h.Connection().Exec(ctx, remote.Command{Script: state.Unlock(h.Site().Directory, h.Facts().Lock)})
		if err := state.Unlocked(h.Name(), h.Site().Directory, err); err != nil {
			return err
		}
	}
	if s.flags.json {
		return printJSON(out, map[string]any{"host": h.Name(), "lock": held})
	}
	text := s.words.T("unlock.none", h.Name())
	if held != nil {
		text = s.words.T("unlock.removed", describe(s.words, h.Name(), held)...)
	}
	_, err := fmt.Fprintln(out, text)
	return err
}

// takeAway asks whether a run that is at work is to lose its lock: another one beside it is what the lock is there to prevent.
func (s *session) takeAway(ctx context.Context, host string, held *survey.Holder) error {
	decider := s.decider()
	if _, nobody := decider.(provision.Headless); nobody {
		return usage("unlock.alive", describe(s.words, host, held)...)
	}
	answer, err := decider.Decide(ctx, provision.Decision{
		Kind:     provision.DecideTakeOver,
		Host:     host,
		Question: s.words.T("unlock.question", describe(s.words, host, held)...),
		Options:  []provision.Option{{ID: provision.AnswerYes}, {ID: provision.AnswerNo}},
		Default:  provision.AnswerNo,
	})
	if err == nil && answer.Choice != provision.AnswerYes {
		err = provision.Fail("unlock.left")
	}
	return err
}

// describe are the arguments of the sentences about a lock.
func describe(words *language.Printer, host string, held *survey.Holder) []any {
	heard := words.T("unlock.heard", language.Duration(time.Duration(held.QuietSeconds)*time.Second))
	if held.AheadSeconds > 0 {
		heard = words.T("unlock.ahead", language.Duration(time.Duration(held.AheadSeconds)*time.Second))
	}
	return []any{host, held.Who, held.Purpose, held.Since.Local().Format(time.TimeOnly), heard}
}
