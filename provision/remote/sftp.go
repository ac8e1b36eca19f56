package remote

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/safetext"
)

// openSFTP opens an SFTP session in three round trips: the channel, the subsystem (sshd takes no input before it runs), and
// the version, unless it is early.
func (l *link) openSFTP(ctx context.Context, early bool, o ...sftp.ClientOption) (*sftp.Client, error) {
	channel, requests, err := l.begin(ctx, "subsystem", ssh.Marshal(struct{ Subsystem string }{"sftp"}), nil)
	if err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	l.workers.Go(func() {
		defer close(ended)
		defer l.slots.release()
		ssh.DiscardRequests(requests)
	})
	complaint := safetext.NewTail(stderrKept)
	l.workers.Go(func() { _ = drain(complaint, channel.Stderr()) })
	asked := &questions{}
	l.workers.Go(func() { l.awaitAnswers(asked, channel, ended) })
	in := io.Reader(&answers{channel, asked})
	if early {
		in = &earlyVersion{Reader: in, fake: versionPacket, failed: func(err error) error {
			return l.noSFTP(ctx, err, channel, ended, complaint)
		}}
	}
	client, err := l.greet(ctx, in, sftpInput{channel, asked}, o...)
	if err != nil {
		return nil, l.noSFTP(ctx, err, channel, ended, complaint)
	}
	return client, nil
}

// greet tells the versions to one another. A read ends only when the host closes its end too, so that whoever waits no longer
// leaves it behind, to end with the link at the latest.
func (l *link) greet(ctx context.Context, in io.Reader, out io.WriteCloser, o ...sftp.ClientOption) (*sftp.Client, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, l.d.timeout(), errTooSlow)
	defer cancel()
	var client *sftp.Client
	var err error
	greeted := make(chan struct{})
	l.workers.Go(func() {
		defer close(greeted)
		client, err = sftp.NewClientPipe(in, out, o...)
	})
	select {
	case <-greeted:
		return client, err
	case <-ctx.Done():
	}
	l.workers.Go(func() {
		if <-greeted; err == nil {
			_ = client.Close()
		}
	})
	return nil, context.Cause(ctx)
}

// noSFTP is the error of a session that ended before the host told its version.
func (l *link) noSFTP(ctx context.Context, err error, channel ssh.Channel, ended <-chan struct{}, complaint *safetext.Tail) error {
	_ = channel.Close()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !l.settled():
		return l.lost()
	}
	select {
	case <-ended:
	case <-l.down:
		return l.lost()
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(cancelGrace):
		return provision.Fail("remote.sftp-silent", l.d.config.Name)
	}
	if said := oneLine(string(complaint.Bytes())); said != "" {
		return provision.Fail("sftp.subsystem", l.d.config.Name, said)
	}
	return provision.Fail("sftp.subsystem", l.d.config.Name, err)
}

// versionPacket is the answer of a host that speaks version 3 and no extensions. It goes for the host's own until that comes.
const versionPacket = "\x00\x00\x00\x05\x02\x00\x00\x00\x03"

// earlyVersion answers the client's version itself, and takes the host's out of what follows. sshd reads requests in their
// order, so that the first one need not wait.
type earlyVersion struct {
	io.Reader
	fake   string
	read   bool // the host's version
	failed func(error) error
}

func (e *earlyVersion) Read(p []byte) (int, error) {
	if len(e.fake) > 0 {
		n := copy(p, e.fake)
		e.fake = e.fake[n:]
		return n, nil
	}
	if !e.read {
		if err := e.version(); err != nil {
			return 0, e.failed(err)
		}
		e.read = true
	}
	return e.Reader.Read(p)
}

// longestVersion bounds the host's version packet, in bytes.
const longestVersion = 256 << 10

func (e *earlyVersion) version() error {
	var head [5]byte // length and type
	if _, err := io.ReadFull(e.Reader, head[:]); err != nil {
		return err
	}
	length := binary.BigEndian.Uint32(head[:])
	if head[4] != versionPacket[4] || length < uint32(len(versionPacket)-4) || length > longestVersion {
		return provision.Fail("remote.sftp-no-version")
	}
	_, err := io.CopyN(io.Discard, e.Reader, int64(length)-1)
	return err
}

// sftpInput closes the whole channel, so that the session is given back.
type sftpInput struct {
	ssh.Channel
	asked *questions
}

func (s sftpInput) Write(p []byte) (int, error) {
	s.asked.ask(p)
	return s.Channel.Write(p)
}

func (s sftpInput) Close() error {
	if err := s.Channel.CloseWrite(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := s.Channel.Close(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// questions are those that an SFTP server was asked. Each packet is one, and has one packet for an answer. A server that owes one and
// sends nothing loses its session: the library would wait for ever.
type questions struct {
	mu    sync.Mutex
	out   packets
	in    packets
	since time.Time // of the last answer, or of the first question after it
}

func (q *questions) ask(p []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.out.n == q.in.n {
		q.since = time.Now()
	}
	q.out.add(p)
}

func (q *questions) answered(p []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.in.add(p)
	q.since = time.Now()
}

func (q *questions) overdue(limit time.Duration) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.out.n > q.in.n && time.Since(q.since) > limit
}

// awaitAnswers ends the session of a server that owes an answer for too long, and the link where the host does not agree. A slow
// link takes its time for a question.
func (l *link) awaitAnswers(q *questions, channel ssh.Channel, ended <-chan struct{}) {
	limit := 2 * l.d.channelTimeout
	ticker := time.NewTicker(limit / 8)
	defer ticker.Stop()
	for !q.overdue(limit) {
		select {
		case <-ended:
			return
		case <-ticker.C:
		}
	}
	_ = channel.Close()
	select {
	case <-ended:
	case <-l.down:
	case <-time.After(cancelGrace):
		l.abandon(provision.Fail("remote.sftp-silent", l.d.config.Name))
	}
}

// answers reads what the server sends.
type answers struct {
	io.Reader
	asked *questions
}

func (a *answers) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	if n > 0 {
		a.asked.answered(p[:n])
	}
	return n, err
}

// packets counts those of a stream: four bytes that tell the length, and as many.
type packets struct {
	n    int
	head []byte
	left uint32
}

func (c *packets) add(p []byte) {
	for len(p) > 0 {
		if c.left == 0 {
			k := min(4-len(c.head), len(p))
			c.head, p = append(c.head, p[:k]...), p[k:]
			if len(c.head) == 4 {
				c.left, c.head = binary.BigEndian.Uint32(c.head), c.head[:0]
			}
			continue
		}
		k := min(uint64(c.left), uint64(len(p)))
		if c.left, p = c.left-uint32(k), p[k:]; c.left == 0 {
			c.n++
		}
	}
}
