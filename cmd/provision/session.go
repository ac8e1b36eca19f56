package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/steps"
	"github.com/kehuo/provision/tui/lines"
)

// session is what a command that reaches hosts works with: the inventory, the words, and the readers of its events.
type session struct {
	flags     *flags
	inventory *inventory.Inventory
	hosts     []inventory.Host
	words     *language.Printer
	command   string

	readers []*lines.Printer
	log     *os.File
}

// open reads the inventory; whatever is wrong in it ends the command before any connection is made.
func (f *flags) open(command string) (*session, error) {
	words, err := f.words()
	if err != nil {
		return nil, err
	}
	inv, err := inventory.Load(f.inventory)
	if errors.Is(err, os.ErrNotExist) {
		if _, missing := os.Stat(f.inventory); missing != nil {
			return nil, usage("there is no inventory %s here; write one with `provision init`, name another with --inventory, or try the sandbox with `provision sandbox up`", f.inventory)
		}
	}
	if err != nil {
		return nil, err
	}
	s := &session{flags: f, inventory: inv, words: words, command: command}
	if s.hosts, err = inv.Limit(f.limit); err != nil {
		return nil, provision.WithExit(provision.ExitUsage, err)
	}
	return s, nil
}

// withTimeout bounds the command by --timeout.
func (f *flags) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if f.timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, f.timeout, fmt.Errorf("--timeout of %s is over", f.timeout))
}

// targets are the hosts as a deployment of the source sees them.
func (s *session) targets(d *steps.Deployment) []provision.Target {
	var targets []provision.Target
	for _, h := range s.hosts {
		targets = append(targets, s.host(d, h))
	}
	return targets
}

func (s *session) host(d *steps.Deployment, h inventory.Host) *steps.Host {
	return d.NewHost(h, steps.Connection{AcceptNewHostKey: s.flags.acceptNewHostKey}, s.command)
}

// sink opens the log file and returns the sink that feeds it and the given printers.
func (s *session) sink(printers ...*lines.Printer) (provision.Sink, error) {
	if err := s.openLog(); err != nil {
		return nil, err
	}
	s.readers = append(printers, lines.NewLog(s.log))
	readers := s.readers
	return func(e provision.Event) {
		for _, r := range readers {
			r.Emit(e)
		}
	}, nil
}

// printer is the one that the flags ask for, on standard output.
func (s *session) printer() *lines.Printer {
	if s.flags.json {
		return lines.NewJSON(os.Stdout)
	}
	return lines.NewPlain(os.Stdout, s.words, s.flags.verbose)
}

// close flushes the readers and closes the log.
func (s *session) close() error {
	var errs []error
	for _, r := range s.readers {
		errs = append(errs, r.Close())
	}
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
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
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return provision.WithExit(provision.ExitUsage, fmt.Errorf("open the log file: %w; name another with --log-file", err))
	}
	s.log = file
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

// pruneLogs removes the oldest logs beyond keepLogs. Their names sort by site and time; one that cannot be removed stays.
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
