package lines_test

import (
	"errors"
	"testing"

	"github.com/kehuo/provision/provision"
)

func TestPlansOfSeveralHostsAreToldOnceAndInATable(t *testing.T) {
	changes := func(host, file string) []provision.Change {
		return []provision.Change{
			{Host: host, Step: "06-files", Action: "upload 1 file", Diff: "~ " + file, Summary: "1 file"},
			{Host: host, Step: "07-build", Action: "build it", Reason: "other files", Summary: "image rebuilt"},
		}
	}
	ready := func(host, file string) provision.Event {
		return provision.Event{Host: host, Body: provision.PlanReady{Changes: changes(host, file)}}
	}
	var all []provision.Change
	for _, e := range []provision.Event{ready("a", "app.py"), ready("bb", "other.py"), ready("c", "app.py")} {
		all = append(all, e.Body.(provision.PlanReady).Changes...)
	}
	got := planned(t, provision.Event{Body: provision.RunStarted{Command: "provision plan", Site: "myweb", Hosts: []string{"a", "bb", "c", "d", "e"}}},
		ready("a", "app.py"), ready("bb", "other.py"), ready("c", "app.py"),
		provision.Event{Body: provision.PlanFinished{Changes: all, Hosts: map[string]provision.HostResult{
			"a": {}, "bb": {}, "c": {}, "d": {}, "e": {Status: provision.StatusFailed, Err: errors.New("e refuses")}}}})
	want := english.T("lines.start.plan", "myweb", "a, bb, c, d, e") + "\n" +
		"a, c  06-files  upload 1 file\n    ~ app.py\n" + "a, c  07-build  build it (other files)\n" +
		"bb  06-files  upload 1 file\n    ~ other.py\n" + "bb  07-build  build it (other files)\n" +
		"e: the plan could not be made: e refuses\n" +
		"a   1 file, image rebuilt\nbb  1 file, image rebuilt\nc   1 file, image rebuilt\nd   " + english.T("lines.planned-nothing") + "\ne   failed\n" +
		english.T("lines.planned-part", 6) + "\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAPlanOfOneHostEndsWithItsSummary(t *testing.T) {
	changes := []provision.Change{{Summary: "1 file"}, {Summary: "image rebuilt"}, {Summary: "image rebuilt"}, {}}
	got := planned(t, provision.Event{Body: provision.PlanFinished{Changes: changes, Hosts: map[string]provision.HostResult{"a": {}}}})
	if want := english.T("lines.planned-what", 4, "1 file, image rebuilt") + "\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
