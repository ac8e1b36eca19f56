package fakehost

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/docker"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

const recorded = "../../../steps/golden/testdata/recorded-host"

// TestTheListIsAnEnginesOwn holds the list of containers that is made of what docker inspect printed on a host against the one
// that the engine there gave.
func TestTheListIsAnEnginesOwn(t *testing.T) {
	pair, err := LoadPair(recorded + "/site")
	check(t, err)
	h := New(t, pair)
	h.Docker.Restore(t, recorded+"/containers.json", recorded+"/images.json", recorded+"/networks.json")
	text, err := os.ReadFile(recorded + "/list.json")
	check(t, err)
	var want []docker.Summary
	check(t, json.Unmarshal(text, &want))
	if len(want) != len(h.Docker.containers) {
		t.Fatalf("there are %d containers, want %d", len(h.Docker.containers), len(want))
	}
	for i, c := range h.Docker.containers {
		got := h.Docker.summary(c).Summary
		got.Status, _, _ = strings.Cut(got.Status, " ") // the rest is how long ago
		want[i].Status, _, _ = strings.Cut(want[i].Status, " ")
		byPort := func(a, b docker.Port) int { return a.PrivatePort - b.PrivatePort }
		slices.SortFunc(got.Ports, byPort)
		slices.SortFunc(want[i].Ports, byPort)
		if len(want[i].Ports) == 0 {
			want[i].Ports = nil
		}
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("container %d is\n%+v, want\n%+v", i, got, want[i])
		}
	}
}
