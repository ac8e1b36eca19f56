package transfer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	// largeFile is the size, in bytes, from which a file is sent in ranges: two windows of a channel.
	largeFile = 4 << 20
	// rangeSize is what is sent, acknowledged and, after a cut, not sent again, in bytes: a packet. Longer ranges of one
	// session would share the link, and none of them would be whole when it is cut.
	rangeSize = 32 << 10
	// blockSize is what a session takes on at once, in ranges: neighbours, so that the host can be told of many at a time.
	blockSize = 32
	// channels is how many SFTP sessions share a large file. sshd allows ten sessions in a connection by default; one of
	// them commits, one remembers what arrived, and two are left to others. Each moves at most 2 MiB in a round trip.
	channels = 6
	// channelsBeside is how many there are where bundles are sent at the same time.
	channelsBeside = 3
	// depth is how many ranges each SFTP session has under way: the window, and a little to have at hand when it opens.
	depth = 72
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
		if i >= int64(len(arrived)) || arrived[i] != '1' {
			pieces = append(pieces, piece{s, i})
		}
	}
	return pieces
}

// unsent is how much of e still has to be sent, in bytes.
func (d Difference) unsent(e Entry) int64 {
	if e.Size < largeFile || d.listing == nil {
		return e.Size
	}
	left := e.Size
	for i, digit := range d.listing.ranges[largeName(e)] {
		if offset := int64(i) * rangeSize; digit == '1' && offset < e.Size {
			left -= min(rangeSize, e.Size-offset)
		}
	}
	return left
}

// sendPieces shares pieces out among as many SFTP sessions as are of use.
func (u *upload) sendPieces(ctx context.Context, pieces []piece) error {
	blocks := slices.Collect(slices.Chunk(pieces, blockSize))
	if len(blocks) == 0 {
		return nil
	}
	todo := make(chan []piece, len(blocks))
	for _, b := range blocks {
		todo <- b
	}
	close(todo)
	n := min(channels, len(blocks))
	if len(u.s.small) > 0 {
		n = min(channelsBeside, len(blocks))
	}
	m := newMarker(n)
	marking, stop := context.WithCancel(ctx)
	var marked sync.WaitGroup
	marked.Go(func() { m.run(marking, u) })
	group, ctx := errgroup.WithContext(ctx)
	for range n {
		group.Go(func() error { return u.sendRanges(ctx, todo, m) })
	}
	err := group.Wait()
	stop()
	marked.Wait()
	return err
}
