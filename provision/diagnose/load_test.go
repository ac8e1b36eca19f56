package diagnose

import "testing"

func TestCatalogueLoads(t *testing.T) {
	if _, err := load(files); err != nil {
		t.Fatal(err)
	}
}
