package steps

import (
	"errors"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

// Say is what the engine says of a run that did not come to its end, in the person's language.
func Say(words *language.Printer, err error) string {
	if errors.Is(err, provision.ErrDeclined) {
		return words.T("declined")
	}
	var s *provision.Stopped
	if !errors.As(err, &s) {
		return err.Error()
	}
	text := words.T("stopped", s.Host, cause(words, s.Cause))
	if s.Step != "" {
		text = words.T("stopped.step", s.Step, s.Host, cause(words, s.Cause))
	}
	if s.Left != "" {
		text = words.T("stopped.left", text, s.Left)
	}
	return text
}

// cause is why a run's context ended. Go's words for a signal begin with its name.
func cause(words *language.Printer, err error) string {
	name, _, _ := strings.Cut(err.Error(), " ")
	switch name {
	case "interrupt", "terminated", "hangup":
		return words.T("stopped.by." + name)
	}
	return err.Error()
}
