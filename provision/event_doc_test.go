package provision

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Each event and each of its fields is on the page of events, and nothing that is not sent any more; so is each exit status.
func TestEventsAreDocumented(t *testing.T) {
	for _, page := range []string{"../docs/events.md", "../docs/zh-CN/events.md"} {
		t.Run(page, func(t *testing.T) { eventsAreDocumented(t, page) })
	}
}

func eventsAreDocumented(t *testing.T, page string) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z.]+)` \\|(.*)$").FindAllStringSubmatch(string(text), -1) {
		rows[m[1]] = m[2]
	}
	for _, status := range []int{ExitOK, ExitFailed, ExitUsage, ExitUnreachable, ExitKeptOld, ExitLocked, ExitChanges, ExitInterrupted} {
		if !strings.Contains(string(text), fmt.Sprintf("\n| `%d` |", status)) {
			t.Errorf("exit status %d is not documented", status)
		}
	}
	failed := errors.New("it failed")
	hosts := map[string]HostResult{"aliyun": {1, StatusFailed, failed, []Finding{{Cause: "it"}}, time.Second}}
	changes := []Change{{Host: "aliyun", Step: "07-build", Action: "build", Reason: "new", Diff: "+", Summary: "built"}}
	bodies := []Body{
		RunStarted{"provision", "myweb", []string{"aliyun"}, []string{"01-login"}, "log"}, PlanReady{changes}, RolloutWave{1, []string{"aliyun"}, 2, time.Second}, StepStarted{"Build"},
		StepCommand{"ls"}, StepProgress{1, 2, UnitBytes, "a"}, StepOutput{StreamOut, "a"}, Finding{SeverityError, "a", "b", "c", "d", "app.py", 3},
		DecisionAsked{"plan", "?"}, DecisionMade{"plan", "yes"}, SiteCheck{VantageHTTP, "http://a", 200, "nginx", "/", 3, time.Second},
		StepFinished{StatusFailed, time.Second, failed}, RunFinished{1, 1, time.Second, hosts, failed}, PlanFinished{changes, 0, hosts, failed},
	}
	known := map[string]map[string]any{}
	declared, err := os.ReadFile("event.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(declared), ") EventType() string"); n != len(bodies) {
		t.Errorf("event.go has %d types of events, and this test %d", n, len(bodies))
	}
	for _, body := range bodies {
		row, ok := rows[body.EventType()]
		if !ok {
			t.Errorf("%s is not documented", body.EventType())
			continue
		}
		delete(rows, body.EventType())
		var fields map[string]any
		line, err := json.Marshal(body)
		if err == nil {
			err = json.Unmarshal(line, &fields)
		}
		if err != nil {
			t.Fatal(err)
		}
		known[body.EventType()] = fields
		for name := range fields {
			if !strings.Contains(row, "`"+name+"`") {
				t.Errorf("the field %s of %s is not documented", name, body.EventType())
			}
		}
	}
	for name := range rows {
		t.Errorf("%s is documented and never sent", name)
	}
	examplesAreEvents(t, string(text), known)
}

// examplesAreEvents holds the examples of the page against the events themselves.
func examplesAreEvents(t *testing.T, text string, known map[string]map[string]any) {
	examples := regexp.MustCompile(`(?m)^\{.*\}$`).FindAllString(text, -1)
	if len(examples) < 4 {
		t.Errorf("the page has %d examples", len(examples))
	}
	for _, line := range examples {
		var event map[string]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		fields, ok := known[fmt.Sprint(event["type"])]
		if !ok {
			t.Errorf("%s is of no type that is sent", line)
		}
		for name := range event {
			if _, ok := fields[name]; !ok && name != "time" && name != "type" && name != "host" && name != "step" {
				t.Errorf("%s: the event has no field %s", line, name)
			}
		}
	}
}
