package tree

import (
	"testing"

	"github.com/kehuo/provision/provision/tree/treetest"
)

type files = treetest.Files

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// scan scans without a cache.
func scan(t *testing.T, root string, change ...func(*Options)) *Manifest {
	t.Helper()
	o := Options{Root: root, Cache: noCache}
	for _, c := range change {
		c(&o)
	}
	m, err := Scan(t.Context(), o)
	must(t, err)
	return m
}

func paths(m *Manifest) []string {
	var names []string
	for _, e := range m.Entries {
		names = append(names, e.Path)
	}
	return names
}
