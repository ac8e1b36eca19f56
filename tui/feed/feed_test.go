package feed_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/tui/feed"
)

func output(n int) provision.Event {
	return provision.Event{Host: "aliyun", Step: "07-build", Body: provision.StepOutput{Text: fmt.Sprint(n)}}
}

// collect emits events while the screen is busy with the first of them, and returns what came after it.
func collect(emit func(f *feed.Feed)) feed.Batch {
	busy, free := make(chan struct{}), make(chan struct{})
	var got []feed.Batch
	f := feed.New(func(b feed.Batch) {
		if got == nil {
			close(busy)
			<-free
		}
		got = append(got, b)
	})
	f.Emit(provision.Event{Body: provision.RunStarted{}})
	<-busy
	emit(f)
	close(free)
	f.Close()
	var all feed.Batch
	for _, b := range got[1:] {
		all.Events = append(all.Events, b.Events...)
		all.Dropped += b.Dropped
	}
	return all
}

func TestASlowScreenLosesOldOutputAndNothingElse(t *testing.T) {
	const lines = 50_000
	all := collect(func(f *feed.Feed) {
		f.Emit(provision.Event{Body: provision.StepStarted{Title: "Build"}})
		for i := range lines {
			f.Emit(output(i))
			if i == lines/2 {
				f.Emit(provision.Event{Body: provision.Finding{Cause: "in the middle"}})
			}
		}
		f.Emit(provision.Event{Body: provision.StepFinished{Status: provision.StatusOK}})
	})
	var outputs, others int
	for _, e := range all.Events {
		if _, ok := e.Body.(provision.StepOutput); ok {
			outputs++
		} else {
			others++
		}
	}
	if others != 3 {
		t.Errorf("%d of the 3 other events arrived", others)
	}
	if outputs+all.Dropped != lines || outputs > 4000 || outputs < 1000 {
		t.Errorf("%d lines arrived and %d were counted as dropped, of %d", outputs, all.Dropped, lines)
	}
	last := all.Events[len(all.Events)-2].Body.(provision.StepOutput).Text
	if last != fmt.Sprint(lines-1) {
		t.Errorf("the last line shown is %s", last)
	}
}

func TestOutputThatCameTogetherIsCountedByItsLines(t *testing.T) {
	const events, together = 30, 999
	want := 0
	all := collect(func(f *feed.Feed) {
		for range events {
			var text []string
			for range together {
				text = append(text, fmt.Sprint(want))
				want++
			}
			f.Emit(provision.Event{Body: provision.StepOutput{Text: strings.Join(text, "\n")}})
		}
	})
	next := all.Dropped
	for _, e := range all.Events {
		for line := range e.Body.(provision.StepOutput).Lines() {
			if line != fmt.Sprint(next) {
				t.Fatalf("line %d is %q", next, line)
			}
			next++
		}
	}
	if next != events*together || all.Dropped < events*together-4000 || all.Dropped > events*together-1000 {
		t.Errorf("up to line %d, %d dropped", next, all.Dropped)
	}
}

func TestOfProgressInARowTheLastArrives(t *testing.T) {
	all := collect(func(f *feed.Feed) {
		for i := range 10 {
			f.Emit(provision.Event{Host: "one", Body: provision.StepProgress{Done: int64(i)}})
		}
		f.Emit(provision.Event{Host: "two", Body: provision.StepProgress{Done: 1}})
	})
	if len(all.Events) != 2 || all.Events[0].Body.(provision.StepProgress).Done != 9 {
		t.Errorf("got %v", all.Events)
	}
}

func BenchmarkEmit(b *testing.B) {
	f := feed.New(func(feed.Batch) {})
	defer f.Close()
	e := output(1)
	b.ReportAllocs()
	for b.Loop() {
		f.Emit(e)
	}
}
