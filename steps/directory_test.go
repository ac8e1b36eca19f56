package steps

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/facts"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/state"
)

// TestFoldersThatOthersMayChange: step 02 refuses them before anything is written, and names the remedy.
func TestFoldersThatOthersMayChange(t *testing.T) {
	for _, tag := range language.Tags() {
		h := siteOn(tag, false, tcp(80, 80))
		h.site.Directory = "/srv/web"
		h.facts.Facts = &facts.Facts{User: "kevin", UID: 1000, Parent: "/srv/web", Writable: true, Keeps: true}
		if changes, err := h.Step(Directory).Plan(); err != nil || len(changes) != 0 {
			t.Errorf("%s: folders of the user's own give %v, %v", tag, changes, err)
		}
		h.facts.Unsafe = []state.Folder{{Path: "/srv", Owner: 0, Mode: "drwxrwxrwx"}}
		_, err := h.Step(Directory).Plan()
		var failure *provision.Failure
		if !errors.As(err, &failure) || failure.Code != "directory.unsafe" || !strings.Contains(h.Words.Error(err), "`sudo chmod go-w /srv`") {
			t.Fatalf("%s: it says %v", tag, err)
		}
		for _, err := range []error{err, fmt.Errorf("lock: %w", failure)} {
			found := h.Explain(Directory, err)
			if len(found) != 1 || found[0].Code != "directory.unsafe" || !strings.Contains(found[0].Fix, "chmod go-w /srv") {
				t.Errorf("%s: %v is explained by %+v", tag, err, found)
			}
		}
	}
}
