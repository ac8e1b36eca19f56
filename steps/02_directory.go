package steps

import (
	"context"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/state"
)

// directory is the tutorial's step 2: cd /home/kevin/dev/myweb.
type directory struct {
	step
	site       release.Site
	facts      *known
	connection *connection
}

func newDirectory(h *Host, s step) provision.Step { return directory{s, h.site, h.facts, h.connection} }

// Plan implements provision.Step.
func (s directory) Plan() ([]provision.Change, error) {
	wanted := s.site.Directory
	if err := s.mayKeep(wanted); err != nil {
		return nil, err
	}
	if s.facts.DirectoryExists(wanted) {
		return nil, nil
	}
	changes := one(s.words.T("plan.directory.action", wanted), s.words.T("plan.directory.reason"), s.words.T("plan.summary.folder"))
	changes[0].Apply = s.create
	return changes, nil
}

// mayKeep is why the site cannot live in a folder: another site does, or the user may not write there, or not beside it, where
// lock and history are kept.
func (s directory) mayKeep(wanted string) error {
	for _, c := range s.facts.Containers {
		if c.Directory == wanted && c.Release != "" && c.Site != s.site.Name && !s.site.HasName(c) {
			return provision.Fail("directory.other-site", wanted, s.host, c.Site, c.Name)
		}
	}
	user, folder, beside := s.facts.User, shell.Quote(wanted), shell.Quote(s.site.StateDir)
	exists, writable, keeps := s.facts.DirectoryExists(wanted), s.facts.Writable, s.facts.Keeps
	switch {
	case writable && keeps && len(s.facts.Unsafe) > 0:
		return s.facts.Unsafe[0].Failure(s.host, user, s.facts.UID)
	case writable && keeps:
		return nil
	case s.facts.Frozen:
		return provision.Fail("directory.frozen", wanted, s.site.StateDir, s.host, user, s.facts.Parent)
	case writable:
		return provision.Fail("directory.beside", s.site.StateDir, s.host, user, beside)
	case exists && keeps:
		return provision.Fail("directory.not-yours", wanted, s.host, user, folder)
	case exists:
		return provision.Fail("directory.not-yours", wanted, s.host, user, folder+" && sudo install -d -o "+user+" "+beside)
	}
	return provision.Fail("directory.cannot-create", wanted, s.host, user, s.facts.Parent, folder+" "+beside)
}

func (s directory) create(ctx context.Context, r *provision.Reporter) error {
	r.Command(shell.Quote("mkdir", "-p", s.site.Directory))
	out, err := s.connection.Exec(ctx, remote.Command{Script: state.MakeFolder(s.site.Directory)})
	if err = state.MadeFolder(s.host, s.facts.User, out, err); err != nil {
		if provision.CodeOf(err) != "" {
			return err
		}
		return provision.Fail("fail.create", s.site.Directory, s.host, err)
	}
	s.facts.Facts = s.facts.WithDirectory(s.site.Directory)
	return nil
}
