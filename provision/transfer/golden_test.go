package transfer

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/kehuo/provision/provision/tree/treetest"
)

// TestManifestOnTheHostStays: it tells a later version what an earlier one put there, and whether all is as it was.
func TestManifestOnTheHostStays(t *testing.T) {
	root := t.TempDir()
	treetest.OddNames().Write(t, root)
	p := predict(scan(t, root).Entries)
	names := sha256.Sum256(p.names)
	if got, want := hex.EncodeToString(names[:]), "09ce641ef83536b25561ddff8cb7d89c2e8ba5faba8667cc5d0a0cc33125e851"; got != want {
		t.Errorf("the manifest's hash is %s, want %s", got, want)
	}
	expected := sha256.Sum256([]byte(p.expected))
	if got, want := hex.EncodeToString(expected[:]), "ffaf85d8c3086c5c50f461e3564f64bc5a08a20e48a8ad2684104e8c9d60face"; got != want {
		t.Errorf("the hash of what the host prints is %s, want %s", got, want)
	}
}
