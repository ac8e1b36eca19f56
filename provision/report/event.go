package report

import (
	"errors"
	"slices"

	"github.com/kehuo/provision/provision"
)

// Event returns an event in which the known secrets are hidden, for all of its readers: an application may print what it was
// given, and docker and ssh quote what they were told.
func (m *Masker) Event(e provision.Event) provision.Event {
	switch b := e.Body.(type) {
	case provision.StepOutput:
		b.Text = m.Line(b.Text)
		e.Body = b
	case provision.PlanReady:
		b.Changes = m.changes(b.Changes)
		e.Body = b
	case provision.StepCommand:
		b.Command = m.Line(b.Command)
		e.Body = b
	case provision.Finding:
		b.Cause, b.Evidence, b.Fix = m.Line(b.Cause), m.Line(b.Evidence), m.Line(b.Fix)
		e.Body = b
	case provision.StepFinished:
		b.Err = m.Error(b.Err)
		e.Body = b
	case provision.RunFinished:
		b.Err, b.Hosts = m.Error(b.Err), m.results(b.Hosts)
		e.Body = b
	case provision.PlanFinished:
		b.Changes = m.changes(b.Changes)
		b.Err, b.Hosts = m.Error(b.Err), m.results(b.Hosts)
		e.Body = b
	}
	return e
}

// changes are those of a plan, whose diffs are texts of the site.
func (m *Masker) changes(changes []provision.Change) []provision.Change {
	masked := slices.Clone(changes)
	for i, c := range masked {
		masked[i].Diff = m.Line(c.Diff)
	}
	return masked
}

func (m *Masker) results(hosts map[string]provision.HostResult) map[string]provision.HostResult {
	masked := make(map[string]provision.HostResult, len(hosts))
	for name, r := range hosts {
		r.Err = m.Error(r.Err)
		masked[name] = r
	}
	return masked
}

// Error returns an error that reads as err does, with the known secrets hidden, and is what err is.
func (m *Masker) Error(err error) error {
	if err == nil || m.Line(err.Error()) == err.Error() {
		return err
	}
	f, ok := err.(*provision.Failure)
	if !ok {
		return maskedError{err, m.Line(err.Error())}
	}
	masked := *f
	masked.Values = make([]any, len(f.Values))
	for i, value := range f.Values {
		switch v := value.(type) {
		case string:
			masked.Values[i] = m.Line(v)
		case error:
			masked.Values[i] = m.Error(v)
		default:
			masked.Values[i] = v
		}
	}
	return &masked
}

type maskedError struct {
	err  error
	text string
}

func (e maskedError) Error() string { return e.text }

// Is and As find what the error is, and Unwrap does not lead to its text.
func (e maskedError) Is(target error) bool { return errors.Is(e.err, target) }

func (e maskedError) As(target any) bool { return errors.As(e.err, target) }
