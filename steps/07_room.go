package steps

import (
	"context"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/release"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/shell"
)

// makeRoom has earlier releases go where the disk would not do for the build, and says so where it still may not. What a build
// will need is an estimate: it is tried in any case.
func (s build) makeRoom(ctx context.Context, r *provision.Reporter) {
	if s.facts.Image == nil { // nothing tells what the first one will need, and there is nothing that could go
		return
	}
	room := roomFor(ctx, s.connection, s.facts, s.site.MakeRoom(s.facts.Image, s.size))
	if room == nil {
		return
	}
	if room.Freed > 0 {
		r.Output(provision.StreamOut, s.words.T("build.room-made", room.Freed, s.host, room.Root, room.Free>>20))
	}
	if !room.Enough() {
		r.Finding(provision.Finding{
			Severity: provision.SeverityWarning, Code: "build.room",
			Cause: s.words.T("build.room.cause", room.Root, s.host, room.Needed>>20, room.Free>>20, room.Ours>>20),
			Fix:   s.words.T("build.room.fix"),
		})
	}
}

// tellRoom says of a build that failed for want of room on which disk, and what of ours is there.
func (s build) tellRoom(ctx context.Context, r *provision.Reporter) {
	full := false
	for _, line := range s.connection.printed(s.id) {
		full = full || strings.Contains(strings.ToLower(line), "no space left on device")
	}
	if !full {
		return
	}
	if room := roomFor(ctx, s.connection, s.facts, s.site.LookForRoom(s.facts.Image)); room != nil {
		r.Finding(provision.Finding{
			Severity: provision.SeverityError, Code: "build.no-room",
			Cause: s.words.T("build.no-room.cause", room.Root, s.host, room.Free>>20, room.Ours>>20),
			Fix:   s.words.T("build.room.fix"),
		})
	}
}

// roomFor asks the host; nil where the engine does not answer, or keeps its images on no disk of the host's.
func roomFor(ctx context.Context, c *connection, known *known, script shell.Text) *release.Room {
	if known.DockerError != "" || known.Podman || known.Apart && !known.Rootless {
		return nil
	}
	out, err := c.Exec(ctx, remote.Command{Script: script, Sudo: true})
	if err != nil {
		return nil
	}
	return release.ParseRoom(out)
}
