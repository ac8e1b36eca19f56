package steps

import (
	"context"
	"fmt"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/state"
)

// directory is the tutorial's step 2: cd /home/kevin/dev/myweb.
type directory struct{ *Host }

func (directory) ID() string      { return stepDirectory }
func (s directory) Title() string { return s.title(stepDirectory) }

// Plan implements provision.Step.
func (s directory) Plan() ([]provision.Change, error) {
	wanted := s.site().Directory
	if err := s.mayKeep(wanted); err != nil {
		return nil, err
	}
	if s.facts.DirectoryExists(wanted) {
		return nil, nil
	}
	changes := one(s.Words.T("plan.directory.action", wanted), s.Words.T("plan.directory.reason"))
	changes[0].Apply = s.create
	return changes, nil
}

// mayKeep is why the site cannot live in a folder: another site does, or the user may not write there, or not beside it, where
// lock and history are kept.
func (s directory) mayKeep(wanted string) error {
	for _, c := range s.facts.Containers {
		if c.Directory == wanted && c.Release != "" && c.Site != s.site().Name && !s.hasOurName(c) {
			return s.tell("directory.other-site", wanted, s.Name(), c.Site, c.Name)
		}
	}
	user, folder, beside := s.facts.User, shell.Quote(wanted), shell.Quote(s.StateDir())
	exists, writable, keeps := s.facts.DirectoryExists(wanted), s.facts.Writable, s.facts.Keeps
	switch {
	case writable && keeps:
		return s.mayTrust()
	case s.facts.Frozen:
		return s.tell("directory.frozen", wanted, s.StateDir(), s.Name(), user, s.facts.Parent)
	case writable:
		return s.tell("directory.beside", s.StateDir(), s.Name(), user, beside)
	case exists && keeps:
		return s.tell("directory.not-yours", wanted, s.Name(), user, folder)
	case exists:
		return s.tell("directory.not-yours", wanted, s.Name(), user, folder+" && sudo install -d -o "+user+" "+beside)
	}
	return s.tell("directory.cannot-create", wanted, s.Name(), user, s.facts.Parent, folder+" "+beside)
}

// mayTrust is why nothing may be put into folders that the user may write to: others may as well.
func (s directory) mayTrust() error {
	if len(s.facts.Unsafe) == 0 {
		return nil
	}
	return s.unsafe(s.facts.Unsafe[0].Failure(s.Name(), s.facts.User, s.facts.UID))
}

// unsafe is a failure about a folder that others may change, with its finding.
func (h *Host) unsafe(f *provision.Failure) error {
	return &between{
		told: told{text: h.Words.Error(f), errs: []error{f}},
		finding: provision.Finding{
			Severity: provision.SeverityError,
			Code:     f.Code,
			Cause:    h.Words.T(f.Code+".cause", f.Values...),
			Evidence: fmt.Sprint(f.Values[3], " ", f.Values[2], " ", f.Values[0]),
			Fix:      h.Words.T(f.Code+".fix", f.Values...),
		},
	}
}

func (s directory) create(ctx context.Context, r *provision.Reporter) error {
	argv := []string{"mkdir", "-p", s.site().Directory}
	r.Command(shell.Quote(argv...))
	out, err := s.exec(ctx, remote.Command{Script: state.MakeFolder(s.site().Directory)})
	if err = state.MadeFolder(s.Name(), s.facts.User, out, err); err != nil {
		if provision.CodeOf(err) != "" {
			return s.said(err)
		}
		return s.fail("fail.create", s.site().Directory, s.Name(), err)
	}
	s.facts = s.facts.WithDirectory(s.site().Directory)
	return nil
}
