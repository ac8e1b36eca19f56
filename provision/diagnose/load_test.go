package diagnose

import (
	"regexp"
	"testing"
)

func TestCatalogueLoads(t *testing.T) {
	if _, err := load(files); err != nil {
		t.Fatal(err)
	}
}

// A cure is typed as it stands. It must not write over a file of the host, or remove what somebody may still want, such as
// the stopped containers that are the releases kept for rollback.
func TestNoCureDestroys(t *testing.T) {
	harm := regexp.MustCompile(`tee /etc|[^>]> ?/etc|(?:^|[;:：；&] ?)docker (?:system|container|network|volume) prune|truncate -s|docker rm -f \{`)
	for _, e := range known().entries {
		for tag, fix := range e.Fix {
			if found := harm.FindString(fix); found != "" {
				t.Errorf("%s, %s: %q in %q", e.Code, tag, found, fix)
			}
		}
	}
}
