package steps

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// image is the tutorial's step 8: docker images shows the image. Before it gets to run, its own nginx is asked whether it
// can load the configuration and the key pair inside.
type image struct {
	step
	source     inventory.Site
	volumes    []string // as docker run -v
	facts      *known
	connection *connection
	upToDate   func() bool // the live container is the release that is wanted
	exit       func() int  // the exit status of a release that fails here
	unseen     bool        // the container completes nginx's configuration as it starts
}

func newImage(h *Host, s step) provision.Step {
	return image{s, h.Inventory.Site, h.Spec.Volumes, h.facts, h.connection, h.upToDate, h.exitBeforeSwitch, h.Report.Unseen}
}

// Plan implements provision.Step: an image that is not there is the build's to make.
func (image) Plan() ([]provision.Change, error) { return nil, nil }

// Verify implements provision.Verifier.
func (s image) Verify(ctx context.Context, r *provision.Reporter) error {
	found := s.facts.Image
	if found == nil {
		return provision.Fail("fail.no-image-built", s.host, s.source.Image, Build)
	}
	if !s.isNginx() || s.upToDate() {
		return nil
	}
	return s.testNginx(ctx, r, found.ID)
}

func (s image) isNginx() bool {
	product, _, _ := strings.Cut(s.source.Server, "/")
	return strings.EqualFold(product, "nginx")
}

// testNginx runs nginx -t in a container of the image that has no network and is gone afterwards. That a host name of an
// upstream cannot be resolved there says nothing about the configuration.
func (s image) testNginx(ctx context.Context, r *provision.Reporter, image string) error {
	argv := docker.TestNginx(image, s.volumes)
	r.Command(shell.Quote(argv...))
	var output []string
	pass := s.connection.lines(r)
	lines := safetext.NewLines(func(lines string) {
		output = append(output, strings.Split(lines, "\n")...)
		pass(lines)
	})
	_, err := s.connection.Exec(ctx, remote.Command{Sudo: true, Argv: argv, Stdout: lines, Stderr: lines})
	lines.Flush()
	text := strings.Join(output, "\n")
	if err == nil || strings.Contains(text, "host not found in upstream") {
		return nil
	}
	if s.unseen && errors.As(err, new(*remote.ExitError)) {
		r.Finding(provision.Finding{
			Severity: provision.SeverityWarning,
			Code:     "site.config-unfinished",
			Cause:    s.words.T("site.config-unfinished.cause"),
			Evidence: lastOf(output, "[emerg]"),
			Fix:      s.words.T("site.config-unfinished.fix"),
		})
		return nil
	}
	var exit *remote.ExitError
	switch {
	case !errors.As(err, &exit):
		return provision.Fail("fail.nginx-unasked", s.host, err)
	case docker.NotRun(exit.Code):
		return provision.Fail("fail.nginx-unasked", s.host, provision.ForeignError(lastOf(output, "docker: "))).WithExit(s.exit())
	}
	return provision.Fail("fail.nginx", s.host, lastOf(output, "[emerg]")).WithExit(s.exit())
}

// lastOf is the last line that has a mark, or else the last one.
func lastOf(lines []string, mark string) string {
	for _, line := range slices.Backward(lines) {
		if strings.Contains(line, mark) {
			return line
		}
	}
	if len(lines) == 0 {
		return "no output"
	}
	return lines[len(lines)-1]
}
