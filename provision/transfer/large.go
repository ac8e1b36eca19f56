package transfer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/pkg/sftp"
	"golang.org/x/sync/errgroup"

	"github.com/kehuo/provision/provision/remote"
)

const (
	// largeFile is the size, in bytes, from which a file is sent in ranges: two windows of a channel.
	largeFile = 4 << 20
	// rangeSize is what is sent, acknowledged and, after a cut, not sent again, in bytes.
	rangeSize = 1 << 20
	// channels is how many SFTP sessions share a large file. sshd allows ten sessions in a connection by default; one of
	// them commits, and up to two are left to others. Each moves at most 2 MiB in a round trip.
	channels = 7
	// depth is how many ranges each SFTP session has under way: enough to fill the window while answers travel.
	depth = 3
	// packets is how many packets of 32 KiB a range may have under way: all of them.
	packets = rangeSize / (32 << 10)
)

// largeName is the name under which a large file is staged. What arrived of it stands beside it, a digit for each range.
func largeName(e Entry) string { return hex.EncodeToString(e.SHA256[:]) }

const rangesSuffix = ".ranges"

// placeLarge is the command that moves a large file into the staged tree, once it is whole.
func placeLarge(e Entry) string {
	name := largeName(e)
	target := quote("./" + e.Path)
	return fmt.Sprintf(`mv -f -- ../large/%s %s && rm -f -- ../large/%s%s && chmod %o -- %s && touch -c -d @%d -- %s`,
		name, target, name, rangesSuffix, e.Mode.Perm(), target, e.ModTime.Unix(), target)
}

// source is a large file that is being sent.
type source struct {
	Entry
	local string
	file  *os.File
}

// piece is one range of a large file.
type piece struct {
	of    *source
	index int64
}

func (p piece) offset() int64 { return p.index * rangeSize }
func (p piece) size() int64   { return min(rangeSize, p.of.Size-p.offset()) }

// sendLarge sends all large files, in ranges over several SFTP sessions.
func (u *upload) sendLarge(ctx context.Context) (err error) {
	var sources []*source
	defer func() {
		for _, s := range sources {
			err = errors.Join(err, s.file.Close())
		}
	}()
	var pieces []piece
	for _, e := range u.s.large {
		s := &source{Entry: e, local: filepath.Join(u.Root, filepath.FromSlash(e.Path))}
		if s.file, err = openUnchanged(s.local, e); err != nil {
			return err
		}
		sources = append(sources, s)
		pieces = append(pieces, u.missing(s)...)
	}
	if err := u.sendPieces(ctx, pieces); err != nil {
		return err
	}
	for _, s := range sources {
		info, err := s.file.Stat()
		if err != nil || info.Size() != s.Size || !info.ModTime().Equal(s.ModTime) {
			return &ChangedError{Path: s.local}
		}
	}
	return nil
}

// missing are the ranges of s that a cut upload did not bring to the host.
func (u *upload) missing(s *source) (pieces []piece) {
	arrived := u.d.listing.ranges[largeName(s.Entry)]
	for i := int64(0); i*rangeSize < s.Size; i++ {
		p := piece{s, i}
		if i < int64(len(arrived)) && arrived[i] == '1' {
			u.sent.add(p.size())
			continue
		}
		pieces = append(pieces, p)
	}
	return pieces
}

// sendPieces shares pieces out among as many SFTP sessions as are of use.
func (u *upload) sendPieces(ctx context.Context, pieces []piece) error {
	if len(pieces) == 0 {
		return nil
	}
	todo := make(chan piece, len(pieces))
	for _, p := range pieces {
		todo <- p
	}
	close(todo)
	n := channels
	if len(u.s.small) > 0 {
		n -= streams - 1
	}
	group, ctx := errgroup.WithContext(ctx)
	for range min(n, (len(pieces)+depth-1)/depth) {
		group.Go(func() error { return u.sendRanges(ctx, todo) })
	}
	return group.Wait()
}

// sendRanges sends ranges over one SFTP session, several at a time.
func (u *upload) sendRanges(ctx context.Context, todo <-chan piece) error {
	opened := u.opening()
	c, err := u.client.SFTP(ctx, sftp.UseConcurrentWrites(true), sftp.MaxConcurrentRequestsPerFile(packets))
	opened()
	if err != nil {
		return err
	}
	// A request that is under way knows no context: closing the session ends it.
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer func() {
		stop()
		_ = c.Close()
	}()
	s := &rangeSession{u: u, c: c, files: make(map[string]*sftp.File)}
	group, ctx := errgroup.WithContext(ctx)
	for range depth {
		group.Go(func() error {
			buffer := make([]byte, rangeSize)
			for p := range todo {
				if err := context.Cause(ctx); err != nil {
					return err
				}
				if err := s.send(p, buffer, len(todo) > 0); err != nil {
					if outer := context.Cause(ctx); outer != nil {
						return outer
					}
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// rangeSession is one SFTP session with the files it has open. They are closed with the session.
type rangeSession struct {
	u     *upload
	c     *sftp.Client
	mu    sync.Mutex
	files map[string]*sftp.File
}

// open opens a file among the large ones once.
func (s *rangeSession) open(name string) (*sftp.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.files[name]; f != nil {
		return f, nil
	}
	f, err := s.c.OpenFile(s.u.stage+"/large/"+name, os.O_WRONLY|os.O_CREATE)
	if err != nil {
		return nil, s.explain(err)
	}
	s.files[name] = f
	return f, nil
}

// send sends one range and, where it is worth a round trip, has the host remember that it arrived.
func (s *rangeSession) send(p piece, buffer []byte, remember bool) error {
	name := largeName(p.of.Entry)
	f, err := s.open(name)
	if err != nil {
		return err
	}
	data := buffer[:p.size()]
	if _, err := p.of.file.ReadAt(data, p.offset()); err != nil {
		if errors.Is(err, io.EOF) {
			return &ChangedError{Path: p.of.local}
		}
		return fmt.Errorf("cannot read %s: %w", shown(p.of.local), cause(err))
	}
	if _, err := f.WriteAt(data, p.offset()); err != nil {
		return s.explain(err)
	}
	s.u.sent.add(int64(len(data)))
	if !remember {
		return nil
	}
	marks, err := s.open(name + rangesSuffix)
	if err != nil {
		return err
	}
	if _, err := marks.WriteAt([]byte{'1'}, p.index); err != nil {
		return s.explain(err)
	}
	return nil
}

// explain marks an error as one of the host's files, whose reason SFTP does not tell.
func (s *rangeSession) explain(err error) error { return &sftpError{err} }

type sftpError struct{ error }

func (e *sftpError) Unwrap() error { return e.error }

// probe asks the host why a file cannot be written: SFTP has one code for a full disk, a quota and all the rest.
func (u *upload) probe(ctx context.Context) string {
	script := "LC_ALL=C; export LC_ALL; umask 077; cd -- " + quote(u.stage) +
		" && dd if=/dev/zero of=.probe bs=1024k count=1 2>&1 | grep -v records; rm -f .probe"
	out, err := u.client.Output(ctx, remote.Command{Script: script})
	if err != nil {
		return ""
	}
	return lastLine(string(out))
}

// withoutTar sends every file by itself: for hosts that have no tar.
func (u *upload) withoutTar(ctx context.Context) error {
	if err := u.clear(ctx); err != nil {
		return u.failed(ctx, err)
	}
	if err := u.sendSingly(ctx); err != nil {
		return u.failed(ctx, err)
	}
	if u.Command != nil {
		u.Command("sh " + u.stage + "/commit")
	}
	out, err := u.client.Output(ctx, remote.Command{Argv: []string{"sh", u.stage + "/commit"}})
	return u.outcome(ctx, out, err)
}
