package transfer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// commit has the host run the script that checks and places everything. The host waits for what of the streams it still has
// to unpack; or for a bundle of that size, in bytes, which send brings there meanwhile and which has the script, too.
func (u *upload) commit(ctx context.Context, streams []*session, size int64, send func() error) error {
	if u.Command != nil {
		u.Command("sh " + u.stage + "/commit")
	}
	s := u.Prepared.again()
	s.feed(func(w io.Writer) error {
		if _, err := fmt.Fprintf(w, "%s %s %d %d\n", u.where(), u.id, len(streams), size); err != nil {
			return err
		}
		if size > 0 {
			return nil
		}
		b := newBundle(w, u.Root, compressing(), false, func(int64) {})
		return errors.Join(u.addTexts(b), b.close())
	})
	received := send()
	if errors.Is(received, errNoBox) {
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

func (u *upload) addTexts(b *bundle) error {
	for _, t := range u.texts() {
		if err := b.text(t.name, t.content); err != nil {
			return err
		}
	}
	return nil
}

type text struct {
	name    string
	content []byte
}

// texts are the files beside the tree: what the script that commits needs, and that script itself.
func (u *upload) texts() []text {
	texts := []text{{"names", predict(u.s.entries).names}}
	if !u.d.listing.sameSet {
		texts = append(texts, text{"manifest", u.d.manifest.predict().names})
	}
	if len(u.d.kept) > 0 {
		texts = append(texts, text{"kept", []byte(strings.Join(u.d.kept, "\x00") + "\x00")})
	}
	return append(texts, text{"commit", []byte(commitFor(u.d, &u.s, u.Directory, u.StateDir, u.stage))})
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
			err = fmt.Errorf("it printed %.80q", first)
		}
		return u.failed(ctx, err)
	case first == "fault verify":
		return u.damaged(rest)
	}
	detail := telling(exit.Stderr)
	if first == "fault denied" && faultOf(detail) == FaultOther {
		return u.denied(ctx, detail)
	}
	return u.fault(ctx, faultOf(detail), detail)
}

// denied tells apart why a folder of the site may not be written to.
func (u *upload) denied(ctx context.Context, folder string) error {
	out, err := u.client.Output(ctx, remote.Command{Script: shell.Text("mkdir -- " + quote(folder+"/"+u.id) + " 2>&1 && rmdir -- " + quote(folder+"/"+u.id))})
	if err != nil && lost(err) {
		return err
	}
	if f := faultOf(string(out)); f != FaultOther {
		return u.fault(ctx, f, telling(string(out)))
	}
	return u.fault(ctx, FaultDenied, folder)
}

// damaged finds out which files are not as they were sent.
func (u *upload) damaged(payload string) error {
	p := &hostParser{in: bufio.NewReader(strings.NewReader(payload)), l: &Listing{}}
	if err := p.staged(); err != nil {
		return &FaultError{Host: u.client.Name(), Fault: FaultDamaged, Folder: u.Directory, Detail: err.Error()}
	}
	e := &damagedError{staged: p.l.staged}
	for _, want := range u.s.entries {
		have, there := p.l.staged[want.Path]
		if reason := differs(want, have, there); reason != "" {
			e.paths = append(e.paths, shown(want.Path))
		}
	}
	return e
}
