package main

import (
	"errors"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/report"
	"github.com/kehuo/provision/tui"
	"github.com/kehuo/provision/tui/lines"
	"github.com/kehuo/provision/tui/theme"
)

// reader is one reader of a run's events.
type reader interface {
	Emit(e provision.Event)
	Close() error
}

// readers are all readers of a session, and the log file that one of them writes.
type readers struct {
	list []reader
	log  *os.File
}

// sink feeds the readers, and hides the known secrets from all of them: what an application prints may be what it was given.
func (r *readers) sink(mask *report.Masker) provision.Sink {
	list := slices.Clone(r.list)
	return func(e provision.Event) {
		e = mask.Event(e)
		for _, one := range list {
			one.Emit(e)
		}
	}
}

// close flushes the readers and closes the log. Nobody left who reads our output is not our failure: the log has it all.
func (r *readers) close() error {
	var errs []error
	for _, one := range r.list { // the printers among them do not close what they write to
		if err := one.Close(); !errors.Is(err, syscall.EPIPE) {
			errs = append(errs, err)
		}
	}
	if r.log != nil {
		errs = append(errs, r.log.Close())
	}
	*r = readers{}
	if err := errors.Join(errs...); err != nil {
		return provision.Fail("output.unwritten", err)
	}
	return nil
}

// sink opens the log file, before any connection is made, and returns the sink that feeds it and the given readers. From here
// on a reader of our output that goes away does not end the program: a run that is under way comes to its end.
func (s *session) sink(readers ...reader) (provision.Sink, error) {
	signal.Ignore(syscall.SIGPIPE)
	if err := s.openLog(); err != nil {
		return nil, err
	}
	return s.feed(append(readers, lines.NewLog(s.readers.log))...)
}

// observe is the sink of commands that look and do not run: a log where one is asked for, the commands on the hosts on
// standard error with --verbose.
func (s *session) observe() (provision.Sink, error) {
	var more []reader
	if s.flags.logFile != "" {
		if err := s.openLog(); err != nil {
			return nil, err
		}
		more = append(more, lines.NewLog(s.readers.log))
	}
	if s.flags.verbose {
		more = append(more, lines.NewPlain(os.Stderr, s.words, true))
	}
	return s.feed(more...)
}

func (s *session) feed(readers ...reader) (provision.Sink, error) {
	secrets, err := report.Secrets(s.inventory)
	if err != nil {
		return nil, errors.Join(err, s.readers.close())
	}
	s.readers.list = append(s.readers.list, readers...)
	return s.readers.sink(report.NewMasker(secrets)), nil
}

// printer is the reader on standard output that the flags and the terminal ask for. Lines that change in place need a
// terminal, and a run that asks nothing.
func (s *session) printer(asks bool) reader {
	switch {
	case s.flags.json:
		return lines.NewJSON(os.Stdout, s.words)
	case !asks && capable(os.Stdout):
		return tui.NewLive(tui.LiveConfig{Out: os.Stdout, Words: s.words, NoColor: s.flags.noColor, Verbose: s.flags.verbose})
	}
	return lines.NewPlain(os.Stdout, s.words, s.flags.verbose)
}

// planPrinter is the reader of a plan on standard output.
func (s *session) planPrinter() reader {
	if s.flags.json {
		return lines.NewJSON(os.Stdout, s.words)
	}
	return lines.NewPlan(os.Stdout, s.words, s.flags.look(os.Stdout))
}

// look is the theme for a file: without colours unless it is a terminal that has them.
func (f *flags) look(out *os.File) *theme.Theme {
	if !capable(out) {
		return theme.Bare(os.Environ())
	}
	return theme.Printed(out, os.Environ(), f.noColor)
}

// capable reports whether a file is a terminal on which more than lines of text can be drawn.
func capable(file *os.File) bool {
	name := os.Getenv("TERM")
	return term.IsTerminal(int(file.Fd())) && name != "" && name != "dumb"
}

func (s *session) openLog() error {
	path := s.flags.logFile
	if path == "" {
		var err error
		if path, err = lines.LogPath(s.inventory.Site.Name, time.Now()); err != nil {
			return provision.Fail("report.log-nowhere", err)
		}
	}
	file, err := report.CreateFile(path, s.needed()...)
	if err != nil {
		return provision.Fail("report.log-closed", err).WithExit(provision.ExitUsage)
	}
	s.readers.log = file
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loggedTo = path
	return nil
}

// logPath is the log file, also once it is closed; empty before it is opened.
func (s *session) logPath() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loggedTo
}

// needed are the files that no log and no report may take the place of.
func (s *session) needed() []string { return append(s.inventory.Private(), s.flags.inventory) }
