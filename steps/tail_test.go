package steps

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
)

func TestTailKeepsTheLastLines(t *testing.T) {
	var all []string
	for i := range 5000 {
		all = append(all, fmt.Sprint(i%7*i))
	}
	for _, together := range []int{1, 3, tailLines - 1, tailLines, tailLines + 1, len(all)} {
		var kept tail
		kept.of(provision.NewReporter(provision.Options{}, "cloud", "07-build"))
		for lines := range slices.Chunk(all, together) {
			kept.add(strings.Join(lines, "\n"))
		}
		if got := kept.lines("07-build"); !slices.Equal(got, all[len(all)-tailLines:]) {
			t.Errorf("%d lines at a time: %d kept, %q to %q", together, len(got), got[0], got[len(got)-1])
		}
		if len(kept.kept) > tailLines {
			t.Errorf("%d lines at a time: %d texts are kept", together, len(kept.kept))
		}
		if got := kept.lines("09-run"); len(got) > 0 {
			t.Errorf("of another step: %q", got)
		}
		kept.of(provision.NewReporter(provision.Options{}, "cloud", "09-run"))
		if got := kept.lines("09-run"); len(got) > 0 {
			t.Errorf("of a step that said nothing: %q", got)
		}
	}
}

// A build's instructions stand where they were announced, though its output comes in large pieces.
func TestBuildProgressStandsInItsPlace(t *testing.T) {
	var got []string
	sink := func(e provision.Event) {
		switch b := e.Body.(type) {
		case provision.StepOutput:
			got = append(got, b.Text)
		case provision.StepProgress:
			got = append(got, fmt.Sprintf("%d/%d %s", b.Done, b.Total, b.Detail))
		}
	}
	pass := build{connection: &connection{}}.progress(provision.NewReporter(provision.Options{Sink: sink}, "", ""))
	for _, lines := range []string{"", "Sending\nStep 1/2 : FROM x\n ---> 1\n\nStep 2/2 : RUN y", " ---> 2\n"} {
		pass(lines)
	}
	want := []string{"", "Sending\nStep 1/2 : FROM x", "1/2 FROM x", " ---> 1\n\nStep 2/2 : RUN y", "2/2 RUN y", " ---> 2\n"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
