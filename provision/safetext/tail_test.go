package safetext_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/safetext"
)

func TestLineTailKeepsTheLastLines(t *testing.T) {
	const limit = 400
	var all []string
	for i := range 5000 {
		all = append(all, fmt.Sprint(i%7*i))
	}
	for _, together := range []int{1, 3, limit - 1, limit, limit + 1, len(all)} {
		kept := safetext.NewLineTail(limit)
		if got := kept.Lines(); len(got) > 0 {
			t.Errorf("of nothing: %q", got)
		}
		for lines := range slices.Chunk(all, together) {
			kept.Add(strings.Join(lines, "\n"))
		}
		if got := kept.Lines(); !slices.Equal(got, all[len(all)-limit:]) {
			t.Errorf("%d lines at a time: %d kept, %q to %q", together, len(got), got[0], got[len(got)-1])
		}
	}
}
