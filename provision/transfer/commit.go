package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/tree"
)

// commitGrace is how long a commit that is given up may take to end: it has begun to rename, and is to get to its end, or back.
const commitGrace = time.Minute

// commit has the host run the script that checks and places everything. The host waits for what of the streams it still has
// to unpack; or for a bundle of that size, in bytes, which send brings there meanwhile and which has the script, too.
func (u *upload) commit(ctx context.Context, streams []*session, size int64, send func() error) error {
	if u.Command != nil {
		u.Command("sh " + u.stage + "/commit")
	}
	s := u.Prepared.reopened()
	s.feed(func(w io.Writer) error {
		if _, err := fmt.Fprintf(w, "%s %s %d %d\n", u.where(), u.id, len(streams), size); err != nil {
			return err
		}
		if size > 0 {
			return nil
		}
		b := newBundle(w, u.Root, compressing(), false, func(int64) {})
		return errors.Join(b.texts(u.texts()), b.close())
	})
	received := send()
	if errors.Is(received, errNoInbox) {
		received = nil // the host tells why
	}
	for _, stream := range streams {
		if err := stream.wait(); err != nil && received == nil {
			received = err
		}
	}
	if received != nil {
		s.cancel(received)
	}
	err := s.wait()
	if received != nil {
		return u.failed(ctx, received)
	}
	return u.outcome(ctx, s.out.text.Bytes(), err)
}

// texts are the files beside the tree: the script that commits and what it needs.
func (u *upload) texts() []text {
	expected := predict(u.s.entries)
	script := shell.Load(scripts, "common.sh", "commit.sh").With(u.Directory, u.StateDir, u.stage, expected.expected,
		strconv.FormatInt(expected.bytes, 10), strconv.Itoa(u.s.length()), strconv.Itoa(expected.links), expected.odd)
	texts := []text{{"names", expected.names}, {"commit", []byte(script)}}
	lists := newPlacement(u.d).actions(&u.s)
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		texts = append(texts, text{name, lists[name].text()})
	}
	if !u.d.listing.sameSet {
		texts = append(texts, text{"manifest", predict(u.d.manifest.Entries).names})
	}
	if len(u.d.kept) > 0 {
		texts = append(texts, text{"kept", []byte(strings.Join(u.d.kept, "\x00") + "\x00")})
	}
	return texts
}

// outcome reads what the commit printed.
func (u *upload) outcome(ctx context.Context, out []byte, err error) error {
	first, rest, _ := strings.Cut(string(out), "\n")
	var exit *remote.ExitError
	switch {
	case first == "done":
		return nil
	case !errors.As(err, &exit):
		if err == nil {
			err = errors.New(excerpt(first))
		}
		return u.failed(ctx, err)
	case first == "fault verify":
		return u.damaged(rest)
	}
	line := tellingLine(exit.Stderr)
	if code := faultIn(line); first != "fault denied" || code != "" {
		return u.fault(ctx, code, line, err)
	}
	return u.denied(ctx, line, err)
}

// denied tells apart why a folder of the site may not be written to.
func (u *upload) denied(ctx context.Context, folder string, cause error) error {
	out, err := u.probe(ctx, folder)
	if err != nil && remote.IsLost(err) {
		return err
	}
	if code := faultIn(out); code != "" {
		return u.fault(ctx, code, out, cause)
	}
	return u.fault(ctx, codeDenied, folder, cause)
}

// damaged finds out which files are not as they were sent.
func (u *upload) damaged(payload string) error {
	p := newHostParser(strings.NewReader(payload))
	if err := p.staged(); err != nil {
		return provision.Fail("upload.damaged-unknown", u.client.Name(), u.Directory, err)
	}
	e := &damagedError{staged: p.l.staged}
	for _, want := range u.s.entries {
		have, there := p.l.staged[want.Path]
		if reason := differs(want, have, there); reason != "" {
			e.paths = append(e.paths, want.Path)
		}
	}
	return e
}

// damagedError says that files arrived otherwise than they were sent; without paths, that more is staged than was sent.
type damagedError struct {
	paths  []string
	staged map[string]HostEntry
}

func (e *damagedError) Error() string { return fmt.Sprintf("damaged: %q", e.paths) }

// damagedForGood is the error of files that were sent again, in vain.
func (u *upload) damagedForGood(e *damagedError) error {
	if len(e.paths) == 0 {
		return provision.Fail("upload.damaged-more", u.client.Name(), u.Directory)
	}
	return provision.Fail(codeDamaged, u.client.Name(), u.Directory, tree.Shown(e.paths[0]), len(e.paths)-1)
}
