package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/kehuo/provision/provision"
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

func (r *readers) logFile() string {
	if r.log == nil {
		return ""
	}
	return r.log.Name()
}

// sink feeds the given readers.
func (r *readers) sink(more ...reader) provision.Sink {
	r.list = append(r.list, more...)
	list := slices.Clone(r.list)
	return func(e provision.Event) {
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
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// sink opens the log file, before any connection is made, and returns the sink that feeds it and what printer gives. From here
// on a reader of our output that goes away does not end the program: a run that is under way comes to its end.
func (s *session) sink(printer func() reader) (provision.Sink, error) {
	signal.Ignore(syscall.SIGPIPE)
	if err := s.openLog(); err != nil {
		return nil, err
	}
	more := []reader{lines.NewLog(s.readers.log)}
	if printer != nil {
		more = append(more, printer())
	}
	return s.readers.sink(more...), nil
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
	return s.readers.sink(more...), nil
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

// keepLogs is how many log files stay in the cache.
const keepLogs = 50

func (s *session) openLog() error {
	path := s.flags.logFile
	if path == "" {
		dir, err := logDir()
		if err != nil {
			return fmt.Errorf("find a place for the log: %w; name one with --log-file", err)
		}
		pruneLogs(dir)
		path = filepath.Join(dir, s.inventory.Site.Name+"-"+time.Now().UTC().Format("20060102T150405.000")+".log")
	}
	file, err := createPrivate(path)
	if err != nil {
		return provision.WithExit(provision.ExitUsage, fmt.Errorf("open the log file: %w; name another with --log-file", err))
	}
	s.readers.log, s.loggedTo = file, path
	return nil
}

func logDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "provision", "logs")
	return dir, os.MkdirAll(dir, 0o700)
}

// pruneLogs removes the oldest logs beyond keepLogs; one that cannot be removed stays.
func pruneLogs(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	type aged struct {
		path string
		time time.Time
	}
	var logs []aged
	for _, e := range entries {
		if info, err := e.Info(); err == nil && strings.HasSuffix(e.Name(), ".log") {
			logs = append(logs, aged{filepath.Join(dir, e.Name()), info.ModTime()})
		}
	}
	if len(logs) < keepLogs {
		return
	}
	slices.SortFunc(logs, func(a, b aged) int { return a.time.Compare(b.time) })
	for _, l := range logs[:len(logs)-keepLogs+1] {
		_ = os.Remove(l.path)
	}
}
