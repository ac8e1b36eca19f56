package release

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
)

// logLinesShown is how much of a failed container's log is shown and judged, and logLinesRead how much is read for that: what our
// own questions left there tells nothing.
const (
	logLinesShown = 40
	logLinesRead  = 1000
)

// logFinish is how long the last lines of a container that has ended may take to arrive.
const logFinish = time.Second

// containerLog is what a container wrote, as far as it is known here.
type containerLog struct {
	tail    *safetext.LineTail
	shown   bool // as it came, or at the end
	reading sync.WaitGroup
	done    chan struct{} // closed when a log that is followed has ended
}

func newLog() *containerLog {
	return &containerLog{tail: safetext.NewLineTail(logLinesShown), done: make(chan struct{})}
}

// lines are the last ones.
func (l *containerLog) lines() []string { return l.tail.Lines() }

// follow shows the log as it comes, until ctx ends; a second call changes nothing.
func (l *containerLog) follow(ctx context.Context, s *Switch, container string) {
	if l.shown {
		return
	}
	l.shown = true
	l.reading.Go(func() {
		defer close(l.done)
		_ = l.read(ctx, s.Host, container, true, s.report.Output) // a log that cannot be read is no reason to give a candidate up
	})
}

// finish lets the last lines of a container that has ended arrive.
func (l *containerLog) finish() {
	if !l.shown {
		return
	}
	select {
	case <-l.done:
	case <-time.After(logFinish):
	}
}

// wait waits until nothing is read any more.
func (l *containerLog) wait() { l.reading.Wait() }

// show passes on the last lines, unless they were shown as they came.
func (l *containerLog) show(ctx context.Context, s *Switch, container string) {
	if l.shown {
		return
	}
	l.shown = true
	if l.read(ctx, s.Host, container, false, func(string) {}) != nil {
		return // docker has nothing to say of a container that it could not even create
	}
	if lines := l.lines(); len(lines) > 0 {
		s.report.Output(strings.Join(lines, "\n"))
	}
}

// read reads the log of a container, without what our own questions left in it.
func (l *containerLog) read(ctx context.Context, host Host, container string, follow bool, show func(line string)) error {
	lines := safetext.NewLines(safetext.EachLine(func(line string) {
		if !strings.Contains(line, probe.UserAgent) {
			l.tail.Add(line)
			show(line)
		}
	}))
	defer lines.Flush()
	logs := docker.Logs(container, logLinesRead, "", follow)
	_, err := host.Exec(ctx, remote.Command{Argv: logs, Sudo: true, Stdout: lines, Stderr: lines})
	return err
}
