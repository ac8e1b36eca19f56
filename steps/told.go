package steps

import (
	"errors"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/probe"
)

// told is an error whose own sentence, in the person's language, already names the cause and what to do.
type told struct {
	text string
	err  error // what it comes from; nil: the sentence is all there is to say
}

func (t *told) Error() string { return t.text }
func (t *told) Unwrap() error { return t.err }

// fail is an error in the person's language, with the words of key. It wraps the last of the arguments that is an error.
func (h *Host) fail(key string, args ...any) error {
	t := &told{text: h.Words.T(key, args...)}
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			t.err = err
		}
	}
	return t
}

// saysItAll tells whether an error needs no diagnosis where the catalogue has none: its sentence was written for it.
func saysItAll(err error) bool {
	var t *told
	if errors.As(err, &t) {
		return t.err == nil || saysItAll(t.err)
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
