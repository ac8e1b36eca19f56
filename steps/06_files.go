package steps

import (
	"context"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/transfer"
)

// files is the tutorial's step 6: Dockerfile, resource/default.conf, certificate and key are on the host as they are here,
// and with them whatever else the inventory uploads.
type files struct{ *Host }

func (files) ID() string      { return stepFiles }
func (s files) Title() string { return s.title(stepFiles) }

// Plan implements provision.Step.
func (s files) Plan() ([]provision.Change, error) {
	if err := s.local(stepFiles); err != nil {
		return nil, err
	}
	difference := s.difference()
	switch {
	case difference.Leftovers(): // they take room, make every run look closer, and may lie where the image is built
		changes := one(s.Words.T("plan.files.leftovers"), s.Words.T("plan.files.reason-leftovers"))
		changes[0].Apply = s.discard
		return changes, nil
	case difference.Empty():
		return nil, nil
	}
	changes := one(s.summary(difference), s.Words.T("plan.files.reason", s.site().Source))
	changes[0].Diff = strings.Join(difference.Paths(s.Words), "\n")
	changes[0].Apply = s.upload
	return changes, nil
}

func (s files) difference() transfer.Difference {
	return transfer.Compare(s.Manifest, s.listing, s.site().Delete)
}

// summary says how much is to be done: "upload 3 files (12 kB), adjust 1".
func (s files) summary(d transfer.Difference) string {
	send, bytes, adjust, remove := d.Summary()
	var parts []string
	if send > 0 {
		key := "plan.files.upload"
		if send == 1 {
			key = "plan.files.upload-one"
		}
		parts = append(parts, s.Words.T(key, send, bytes))
	}
	if adjust > 0 {
		parts = append(parts, s.Words.T("plan.files.adjust", adjust))
	}
	if remove > 0 {
		parts = append(parts, s.Words.T("plan.files.remove", remove))
	}
	return strings.Join(parts, s.Words.T("plan.files.and"))
}

// upload makes the host's files those of the source. After a lost link it looks again what is there: what has arrived is not
// sent twice.
func (s files) upload(ctx context.Context, r *provision.Reporter) error {
	again := false
	var losses remote.RetryBudget
	err := s.persistWhile(ctx, &losses, func() error {
		if again {
			if err := s.relist(ctx); err != nil {
				return err
			}
		}
		again = true
		prepared := s.ahead
		s.ahead = nil
		defer prepared.Close()
		options := s.options(r)
		options.Prepared = prepared
		options.Progress = func(done, total int64) {
			losses.Left(total - done)
			r.Progress(done, total, provision.UnitBytes, "")
		}
		return transfer.Apply(ctx, s.client, s.difference(), options)
	})
	if err != nil {
		return s.fail("fail.upload", s.site().Source, s.site().Directory, s.Name(), err)
	}
	// There is nothing to read again: Apply has the host check every file before it puts any in its place.
	return nil
}

func (s files) options(r *provision.Reporter) transfer.ApplyOptions {
	return transfer.ApplyOptions{
		Root:      s.site().Source,
		Directory: s.site().Directory,
		StateDir:  s.StateDir(),
		Progress:  func(done, total int64) { r.Progress(done, total, provision.UnitBytes, "") },
		Command:   r.Command,
	}
}

// discard removes what an upload that was cut left beside files that are as wanted meanwhile.
func (s files) discard(ctx context.Context, r *provision.Reporter) error {
	err := s.persist(ctx, func() error { return transfer.Discard(ctx, s.client, s.difference(), s.options(r)) })
	if err != nil {
		return s.fail("fail.discard", s.Name(), err)
	}
	return nil
}

// Verify implements provision.Verifier.
func (s files) Verify(_ context.Context, r *provision.Reporter) error {
	s.advice(stepFiles, r)
	return nil
}
