package steps

import (
	"errors"
	"slices"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/probe"
)

// told is an error in the person's language.
type told struct {
	text string
	errs []error // what it comes from
	all  bool    // the sentence names the cause and what to do: there is nothing to diagnose
}

func (t *told) Error() string   { return t.text }
func (t *told) Unwrap() []error { return t.errs }

// fail is an error with the words of key. It wraps the arguments that are errors.
func (h *Host) fail(key string, args ...any) error {
	t := &told{text: h.Words.T(key, args...)}
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			t.errs = append(t.errs, err)
		}
	}
	return t
}

// tell is an error with the words of key, which say all there is to say.
func (h *Host) tell(key string, args ...any) error {
	return &told{text: h.Words.T(key, args...), all: true}
}

// said puts a failure into the person's words, and returns any other error as it is.
func (h *Host) said(err error) error {
	var f *provision.Failure
	if !errors.As(err, &f) {
		return err
	}
	if f.Code == "directory.unsafe" {
		return h.unsafe(f)
	}
	return &told{text: h.Words.Error(err), errs: []error{err}, all: len(f.Unwrap()) == 0}
}

// saysItAll tells whether an error needs no diagnosis where the catalogue has none: its sentence was written for it.
func saysItAll(err error) bool {
	var t *told
	if errors.As(err, &t) {
		return t.all || slices.ContainsFunc(t.errs, saysItAll)
	}
	return errors.As(err, new(*probe.Mismatch))
}

// unanswered is the finding of a question that nobody was there to answer: what answers it beforehand is known.
func (h *Host) unanswered(d provision.Decision) []provision.Finding {
	return []provision.Finding{{
		Severity: provision.SeverityError,
		Code:     "unanswered",
		Cause:    h.Words.T("unanswered.cause"),
		Evidence: d.Question,
		Fix:      d.Remedy,
	}}
}

// found is an error whose findings are known: nothing needs to be guessed from its text.
type found interface {
	error
	findings() []provision.Finding
}
