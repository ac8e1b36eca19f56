package transfer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

const (
	// largeFile is the size, in bytes, from which a file is sent in ranges: two windows of a channel.
	largeFile = 4 << 20
	// rangeSize is what is sent and acknowledged at a time, in bytes: a packet.
	rangeSize = 32 << 10
	// blockSize is what is found again after a cut, in bytes: blocks that arrived whole are not sent again.
	blockSize = 1 << 20
	// channels is how many SFTP sessions share a large file. sshd allows ten sessions in a connection by default; one of
	// them commits, and two are left to others. Each moves at most 2 MiB in a round trip.
	channels = 7
	// channelsBeside is how many there are where bundles are sent at the same time.
	channelsBeside = 4
	// depth is how many ranges each SFTP session has under way: the window, and a little to have at hand when it opens.
	depth = 72
)

// largeName is the name under which a large file is staged.
func largeName(e Entry) string { return hex.EncodeToString(e.SHA256[:]) }

// placeLarge is the command that moves a large file into the staged tree, once it is whole, or copies it there.
func placeLarge(command string, e Entry) string {
	target := quote("./" + e.Path)
	return fmt.Sprintf(`%s -f -- ../large/%s %s && chmod %o -- %s && touch -c -d @%d -- %s`,
		command, largeName(e), target, e.Mode.Perm(), target, e.ModTime.Unix(), target)
}

// source is a large file that is being sent.
type source struct {
	Entry
	local string
	file  *os.File
}

// piece is a part of a large file that is sent in a row.
type piece struct {
	of     *source
	offset int64
	size   int64
}

// sendLarge sends all large files, in ranges over several SFTP sessions. These open while the host is asked what of the
// files it has.
func (u *upload) sendLarge(ctx context.Context) (err error) {
	if len(u.s.large) == 0 {
		return nil
	}
	var sources []*source
	defer func() {
		for _, s := range sources {
			err = errors.Join(err, s.file.Close())
		}
	}()
	blocks := 0
	for _, e := range u.s.large {
		s := &source{Entry: e, local: filepath.Join(u.Root, filepath.FromSlash(e.Path))}
		if s.file, err = openUnchanged(s.local, e); err != nil {
			return err
		}
		sources = append(sources, s)
		blocks += int((e.Size + blockSize - 1) / blockSize)
	}
	n := channels
	if len(u.s.small) > 0 {
		n = channelsBeside
	}
	todo := newRanges()
	group, within := errgroup.WithContext(ctx)
	for range min(n, blocks) {
		group.Go(func() error { return u.sendRanges(within, todo) })
	}
	group.Go(func() error { return u.fill(within, todo, sources) })
	if err := group.Wait(); err != nil {
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

// fill finds out which blocks have to be sent.
func (u *upload) fill(ctx context.Context, todo *ranges, sources []*source) error {
	if err := u.clear(ctx, func() { close(todo.asked) }); err != nil {
		return err
	}
	for _, s := range sources {
		missing, err := u.missing(ctx, s)
		if err != nil {
			return err
		}
		todo.blocks = append(todo.blocks, missing...)
	}
	close(todo.ready)
	return nil
}

// missing are the blocks of s that a cut upload did not bring to the host, or not whole: those whose hash there is not
// the one here.
func (u *upload) missing(ctx context.Context, s *source) (pieces []piece, err error) {
	there := u.blocks[largeName(s.Entry)]
	buffer := make([]byte, blockSize)
	for offset := int64(0); offset < s.Size; offset += blockSize {
		p := piece{s, offset, min(blockSize, s.Size-offset)}
		if i := int(offset / blockSize); i < len(there) {
			data := buffer[:p.size]
			if err := errors.Join(s.read(data, offset), context.Cause(ctx)); err != nil {
				return nil, err
			}
			if sum(data) == there[i] {
				u.sent.add(p.size)
				continue
			}
		}
		pieces = append(pieces, p)
	}
	return pieces, nil
}

// read reads from the local file, which is as long as it was.
func (s *source) read(data []byte, offset int64) error {
	_, err := s.file.ReadAt(data, offset)
	switch {
	case errors.Is(err, io.EOF):
		return &ChangedError{Path: s.local}
	case err != nil:
		return fmt.Errorf("cannot read %s: %w", shown(s.local), cause(err))
	}
	return nil
}

// hashBlocks is a script that prints the hashes of all blocks of those large files that are partly staged.
func (u *upload) hashBlocks() string {
	var b strings.Builder
	for _, e := range u.s.large {
		if name := largeName(e); slices.Contains(u.d.listing.large, name) {
			fmt.Fprintf(&b, "echo large %s\nn=0\nsize=$(wc -c <%s)\n", name, name)
			fmt.Fprintf(&b, "while [ $((n * %d)) -lt \"$size\" ]; do dd if=%s bs=%d skip=$n count=1 2>/dev/null | sha256sum; n=$((n + 1)); done\n",
				blockSize, name, blockSize)
		}
	}
	return b.String()
}

// parseBlocks takes the output of hashBlocks.
func parseBlocks(out string) map[string][]string {
	blocks := make(map[string][]string)
	name := ""
	for line := range strings.Lines(out) {
		first, second, _ := strings.Cut(strings.TrimSpace(line), " ")
		if first == "large" {
			name = second
		} else if name != "" {
			blocks[name] = append(blocks[name], first)
		}
	}
	return blocks
}
