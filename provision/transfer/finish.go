package transfer

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/kehuo/provision/provision/remote"
)

// commit sends what is small enough to go along, and the script that checks and places everything, and runs it.
func (u *upload) commit(ctx context.Context, inline []Entry) error {
	if u.Command != nil {
		u.Command("sh " + u.stage + "/commit")
	}
	out, err := u.control.commit(u.d.listing.inside, func(w io.Writer) error {
		b := newBundle(w, u.Root, true, u.sent.add)
		for _, e := range inline {
			if err := b.add(ctx, "tree/"+e.Path, e); err != nil {
				return err
			}
		}
		for _, t := range u.texts() {
			if err := b.text(t.name, t.content); err != nil {
				return err
			}
		}
		return b.close()
	})
	return u.outcome(ctx, out, err)
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
	if first == "done" {
		return nil
	}
	detail := ""
	var exit *remote.ExitError
	if errors.As(err, &exit) {
		detail = lastLine(exit.Stderr)
	}
	what, isFault := strings.CutPrefix(first, "fault ")
	switch {
	case !isFault && err != nil:
		return u.failed(ctx, err)
	case what == "verify":
		return u.damaged(rest)
	case what == "denied" && faultOf(detail) == FaultOther:
		return u.fault(ctx, FaultDenied, detail)
	}
	return u.fault(ctx, faultOf(detail), detail)
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
