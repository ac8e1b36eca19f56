package steps_test

import (
	"testing"

	"github.com/kehuo/provision/provision/sandbox"
)

// TestLocalPort deploys a site for another proxy on the host: nobody but the host reaches it, and that is as wanted.
func TestLocalPort(t *testing.T) {
	t.Parallel()
	c := newCloud(t, sandbox.Options{})
	c.plainly(`["127.0.0.1:8080:80"]`)
	c.mustDeploy()
	c.settled()
	c.page("another")
	c.mustDeploy()
}
