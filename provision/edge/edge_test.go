package edge_test

import (
	"os"
	"testing"

	"github.com/kehuo/provision/provision/edge"
	"github.com/kehuo/provision/provision/edge/route"
	"github.com/kehuo/provision/provision/shell/shelltest"
)

func TestScriptsAreShells(t *testing.T) { shelltest.Parse(t, os.DirFS(".")) }

func TestTwoSitesOfANameHaveTwoNetworks(t *testing.T) {
	one, other := edge.Network(route.Owner{Name: "web", Directory: "/srv/a"}), edge.Network(route.Owner{Name: "web", Directory: "/srv/b"})
	if one == other {
		t.Errorf("both are on %s", one)
	}
}
