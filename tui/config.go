// Package tui is the wizard: a terminal interface that draws a run's events and answers its decisions. It holds no
// deployment logic: what it does beyond drawing are the functions of its Config.
package tui

import (
	"context"
	"io"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/setup"
)

// Config is what the wizard needs. Words, In, Out and Deploy must be set.
type Config struct {
	Words      *language.Printer
	In         io.Reader
	Out        io.Writer
	Env        []string // default: os.Environ
	NoColor    bool
	Accessible bool // plain questions and lines, for screen readers; also taken where TERM is dumb or Out is no terminal
	Verbose    bool // in the accessible mode: the commands too

	// Inventory is the file that the form writes. Form is nil where it exists already. Deploy is called after it has written.
	Inventory string
	Form      setup.Interview

	// Deploy runs the deployment. It is called again to retry, and goes on where it failed.
	Deploy func(ctx context.Context, sink provision.Sink, d provision.Decider) provision.RunFinished

	// LogFile returns the log of the current run; nil or an empty name: the events tell (RunStarted.LogFile).
	LogFile func() string
	// Files names the files that a person may want to edit when a step failed, the likeliest first; nil: none.
	Files func(step string) []string
	// Report makes a report in which all is masked but what was agreed to, page.Addresses for example; nil: no reports.
	Report func(agreed ...string) (text string, err error)
	// SaveReport writes it to ReportFile.
	SaveReport func(path, text string) error
	ReportFile string
	// Behind names what answers behind nginx in the container, from the outside in: gunicorn, flask. It is asked when a
	// deployment has succeeded; nil, or no names: that is not known.
	Behind func() []string
}
