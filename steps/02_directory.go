package steps

import (
	"context"
	"fmt"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
)

// directory is the tutorial's step 2: cd /home/kevin/dev/myweb.
type directory struct{ *Host }

func (directory) ID() string      { return stepDirectory }
func (s directory) Title() string { return s.title(stepDirectory) }

// Plan implements provision.Step.
func (s directory) Plan() ([]provision.Change, error) {
	wanted := s.site().Directory
	switch {
	case s.facts.DirectoryExists(wanted) && s.facts.Writable:
		return nil, nil
	case s.facts.DirectoryExists(wanted):
		return nil, fmt.Errorf("%s on %s belongs to somebody else and %s may not write there; give it to the user with `sudo chown -R %s %s`",
			wanted, s.Name(), s.facts.User, s.facts.User, remote.Quote(wanted))
	case !s.facts.Writable:
		return nil, fmt.Errorf("%s on %s is not there and %s may not create it in %s; create it with `sudo install -d -o %s %s`, or change site.directory",
			wanted, s.Name(), s.facts.User, s.facts.Parent, s.facts.User, remote.Quote(wanted))
	}
	changes := one(s.Words.T("plan.directory.action", wanted), s.Words.T("plan.directory.reason"))
	changes[0].Apply = s.create
	return changes, nil
}

func (s directory) create(ctx context.Context, r *provision.Reporter) error {
	argv := []string{"mkdir", "-p", s.site().Directory}
	r.Command(remote.Quote(argv...))
	if _, err := s.exec(ctx, remote.Command{Argv: argv}); err != nil {
		return fmt.Errorf("create %s on %s: %w", s.site().Directory, s.Name(), err)
	}
	s.facts.Parent, s.facts.Writable = s.site().Directory, true
	return nil
}
