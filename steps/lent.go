package steps

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// recipe is how the inventory has the image built.
func recipe(b inventory.Build) docker.Recipe {
	r := docker.Recipe{
		File: b.File, Context: b.Context, Target: b.Target, Args: b.Args, Platform: b.Platform, Network: b.Network,
		CacheFrom: b.CacheFrom, Pull: b.Pull, NoCache: b.NoCache,
		Secrets: slices.Sorted(maps.Keys(b.Secrets)), SSH: slices.Sorted(maps.Keys(b.SSH)),
	}
	if r.File == "Dockerfile" {
		r.File = ""
	}
	if r.Context == "." {
		r.Context = ""
	}
	return r
}

// lent are the files with secrets and keys that a build is given, in a folder of the host that is the user's alone. The build
// removes it as it ends, whatever becomes of us.
type lent struct {
	folder string
	files  map[string]string // by their names there: paths here
}

func newLent(folder string, b inventory.Build) lent {
	l := lent{folder: folder, files: map[string]string{}}
	for id, file := range b.Secrets {
		l.files["secret-"+id] = file
	}
	for id, file := range b.SSH {
		l.files["ssh-"+id] = file
	}
	return l
}

var (
	lendScript   = shell.Load(buildFiles, "07_lend.sh")
	returnScript = shell.Load(buildFiles, "07_return.sh")
)

// lend puts the files there, in place of what an earlier build may have left.
func (l lent) lend(ctx context.Context, c *connection) error {
	if len(l.files) == 0 {
		return nil
	}
	if _, err := c.Exec(ctx, remote.Command{Script: returnScript.With(l.folder), Sudo: true}); err != nil {
		return provision.Fail("fail.lend", c.host, err)
	}
	for _, name := range slices.Sorted(maps.Keys(l.files)) {
		content, err := inventory.ReadFile(l.files[name], inventory.MaxBuildSecret)
		if err != nil {
			return provision.Fail("fail.lent-unread", l.files[name], err).WithExit(provision.ExitUsage)
		}
		_, err = c.Exec(ctx, remote.Command{Script: lendScript.With(l.folder, name), Stdin: bytes.NewReader(content)})
		if err != nil {
			return provision.Fail("fail.lend", c.host, err)
		}
	}
	return nil
}

// takingBack is how long the host may take to remove the files when the run has been given up.
const takingBack = 10 * time.Second

// takeBack removes the files. A build that has ended has done so, unless it was killed.
func (l lent) takeBack(ctx context.Context, c *connection) {
	if len(l.files) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takingBack)
	defer cancel()
	_, _ = c.Exec(ctx, remote.Command{Script: returnScript.With(l.folder), Sudo: true})
}
