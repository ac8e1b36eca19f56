package steps

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// DownOptions says what Down removes beside the containers.
type DownOptions struct {
	Images bool // the site's images too
	Files  bool // the site's files and the folder beside them too
}

// Down is the target that takes the site off a host.
type Down struct {
	*Host
	options DownOptions
}

// NewDown returns the target that stops and removes the site's containers.
func NewDown(h *Host, o DownOptions) *Down { return &Down{h, o} }

// Steps implements provision.Target.
func (d *Down) Steps() []provision.Step { return []provision.Step{login{d.Host}, takeDown{d}} }

// takeDown stands where a deployment runs the container.
type takeDown struct{ *Down }

func (takeDown) ID() string      { return stepRun }
func (s takeDown) Title() string { return s.Words.T("down.title") }

// Plan implements provision.Step.
func (s takeDown) Plan() ([]provision.Change, error) {
	var changes []provision.Change
	if names := s.containers(); len(names) > 0 {
		change := provision.Change{Action: s.Words.T("plan.down.action", strings.Join(names, ", ")), Reason: s.Words.T("plan.asked")}
		change.Apply = func(ctx context.Context, r *provision.Reporter) error { return s.remove(ctx, r, names) }
		changes = append(changes, change)
	}
	if live := s.facts.Container; live != nil && !s.ours(live) {
		return nil, s.tell("fail.down-foreign", live.BareName(), s.Name(), live.Config.Image)
	}
	if s.options.Images && s.facts.Image != nil {
		changes = append(changes, provision.Change{Action: s.Words.T("plan.down.images", s.site().Name), Reason: "--images", Apply: s.removeImages})
	}
	// What was put there is known from the folder beside it, which a run leaves behind whatever becomes of the site's own.
	if s.options.Files && s.facts.Turn > 0 {
		action := s.Words.T("plan.down.files", s.site().Directory, s.StateDir())
		changes = append(changes, provision.Change{Action: action, Reason: "--files", Apply: s.removeFiles})
	}
	return changes, nil
}

// containers are the live one and the ones kept for rollback.
func (s takeDown) containers() []string {
	var names []string
	if s.facts.Container != nil {
		names = append(names, s.site().Container)
	}
	for _, c := range s.own() {
		names = append(names, c.Name)
	}
	return names
}

// remove gives the containers the time to end that a release gives to the previous one: an application may have to write down
// what it has in memory. One that cannot be stopped is removed all the same.
func (s takeDown) remove(ctx context.Context, r *provision.Reporter, names []string) error {
	within, cancel := context.WithTimeout(ctx, stopGrace*time.Second+tidyTimeout)
	_, _ = s.docker(within, r, docker.Stop(stopGrace, names...))
	cancel()
	for _, name := range names {
		if _, err := s.docker(ctx, r, docker.Remove(name)); err != nil {
			return s.fail("fail.down-container", name, s.Name(), err)
		}
	}
	// The network may not be there: a site that was run by hand never had one.
	_, _ = s.exec(ctx, remote.Command{Argv: docker.RemoveNetwork(s.network()), Sudo: s.sudo})
	return nil
}

// removeImages takes from the images the names that builds gave them. One that somebody else's container needs stays.
func (s takeDown) removeImages(ctx context.Context, r *provision.Reporter) error {
	script := imageNames(s.site().Name, s.site().Directory) + ` | while read -r id name; do docker image rm "$name" 2>&1 >/dev/null || :; done`
	r.Command(script)
	out, err := s.exec(ctx, remote.Command{Script: shell.Text(script), Sudo: s.sudo})
	if err != nil {
		return s.fail("fail.down-images", s.site().Name, s.Name(), err)
	}
	if stays := strings.TrimSpace(string(out)); stays != "" {
		r.Output(provision.StreamErr, safetext.Clean(stays))
	}
	return nil
}

// removeFiles removes what is listed in the manifest of what was put there, and then the folders that this leaves empty. Of
// the folder beside it the lock alone stays, and that goes with it when the run gives it back.
func (s takeDown) removeFiles(ctx context.Context, r *provision.Reporter) error {
	files := remote.Command{Script: shell.Text(fmt.Sprintf(removeFilesScript, shell.Quote(s.site().Directory), shell.Quote(s.StateDir())))}
	// What docker commands have left there may be root's.
	kept := remote.Command{Script: shell.Text(fmt.Sprintf(removeStateScript, shell.Quote(s.StateDir()))), Sudo: s.sudo}
	for _, cmd := range []remote.Command{files, kept} {
		r.Command(string(cmd.Script))
		if _, err := s.exec(ctx, cmd); err != nil {
			return s.fail("fail.down-files", s.site().Name, s.Name(), err)
		}
	}
	s.lock.Forget()
	return nil
}

// removeFilesScript takes the names, ended by NUL, from the manifests in the state folder; in reverse order what is in a
// folder comes before the folder. A folder with somebody else's files in it stays, and so does what lies elsewhere, behind a
// link that has taken a folder's place.
const removeFilesScript = `cd %[1]s && cat %[2]s/manifest %[2]s/manifest.kept 2>/dev/null | sort -zr | xargs -0 -r sh -c '
root=$(pwd -P) folder= leads=
for f do
  case $f in */*)
    [ "${f%%/*}" = "$folder" ] || { folder=${f%%/*}; leads=$(cd -P -- "$folder" 2>/dev/null && pwd -P); }
    [ "$leads" = "$root/$folder" ] || continue ;;
  esac
  if [ -d "$f" ] && [ ! -h "$f" ]; then rmdir -- "$f" 2>/dev/null; else rm -f -- "$f"; fi
done' sh
cd / && rmdir %[1]s 2>/dev/null
:
`

// removeStateScript removes what the state folder holds, but for the lock that this run has.
const removeStateScript = `cd %s || exit
for f in * .[!.]*; do
  case $f in lock | lock.*) ;; *) rm -rf -- "$f" || exit ;; esac
done
`
