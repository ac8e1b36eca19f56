package remote

import (
	"bytes"
	"strconv"
	"strings"
	"sync"

	"github.com/kehuo/provision/provision/safetext"
)

// jobEnd is the last word of job_follow.sh.
type jobEnd struct {
	word   string // ended, gone or absent
	total  int64  // bytes of output
	status int
}

// follower gathers what comes of a job over one connection after another.
type follower struct {
	mark  []byte
	ended chan struct{} // closed when the end is known and all output is here

	mu    sync.Mutex
	lines *safetext.Lines
	tail  *safetext.Tail // for the error of a job that fails
	read  int64          // bytes of output so far
	line  []byte         // of the control stream, not complete yet
	seen  bool           // the job is known to have been started
	known bool
	last  jobEnd
}

func newFollower(nonce string, output func(lines string)) *follower {
	return &follower{mark: []byte("\x01" + nonce + " "), lines: safetext.NewLines(output), tail: safetext.NewTail(stderrKept),
		ended: make(chan struct{})}
}

// followedOutput is the follower as the writer of the job's output.
type followedOutput follower

func (o *followedOutput) Write(p []byte) (int, error) {
	f := (*follower)(o)
	f.mu.Lock()
	defer f.mu.Unlock()
	_, _ = f.tail.Write(p)
	n, err := f.lines.Write(p)
	f.read += int64(n)
	f.settle()
	return n, err
}

// followedControl is the follower as the writer of the control lines, which come on standard error.
type followedControl follower

// controlLimit bounds a line on standard error that is no control line.
const controlLimit = 4096

func (o *followedControl) Write(p []byte) (int, error) {
	f := (*follower)(o)
	f.mu.Lock()
	defer f.mu.Unlock()
	for line := range bytes.Lines(p) {
		if len(f.line)+len(line) > controlLimit {
			f.line = f.line[:0]
		}
		if f.line = append(f.line, line...); bytes.HasSuffix(f.line, []byte("\n")) {
			f.control(f.line)
			f.line = f.line[:0]
		}
	}
	return len(p), nil
}

func (f *follower) control(line []byte) {
	i := bytes.Index(line, f.mark)
	if i < 0 || f.known {
		return
	}
	words := strings.Fields(string(line[i+len(f.mark):]))
	if len(words) == 0 {
		return
	}
	switch words[0] {
	case "attached":
		f.seen = true
	case "absent", "gone", "ended":
		f.known, f.last = true, jobEnd{word: words[0]}
		if len(words) > 1 {
			f.last.total, _ = strconv.ParseInt(words[1], 10, 64)
		}
		if words[0] == "ended" {
			f.last.word, f.last.status = ended(words[min(2, len(words)):])
		}
		f.settle()
	}
}

// ended reads the exit status of a job that has ended. A file without one, on a disk that was full for example, is no success.
func ended(words []string) (word string, status int) {
	if len(words) == 1 {
		if status, err := strconv.Atoi(words[0]); err == nil {
			return "ended", status
		}
	}
	return "gone", 0
}

// settle ends the following once the end is known and the output is complete; they come on two streams.
func (f *follower) settle() {
	if !f.known || f.read < f.last.total {
		return
	}
	select {
	case <-f.ended:
	default:
		close(f.ended)
	}
}

func (f *follower) offset() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.line = f.line[:0] // a new connection begins a new line
	return f.read
}

func (f *follower) attached() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seen
}

func (f *follower) end() (jobEnd, bool) {
	select {
	case <-f.ended:
	default:
		return jobEnd{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last, true
}

func (f *follower) flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lines.Flush()
}
