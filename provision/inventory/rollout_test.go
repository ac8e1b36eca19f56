package inventory

import (
	"maps"
	"reflect"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
)

const fleet = `site: {domain: example.com, environment: {LANG: C, REGION: none}}
hosts:
- {address: a}
- {address: b, environment: {REGION: north}, ports: ["8080:80", "8443:443"], domain: north.example.com}
rollout: {canary: 1, batch: 25%, pause: 10s, on_failure: rollback}
`

// A host's own settings lie over the site's, and change no other host's.
func TestOn(t *testing.T) {
	inv, err := load(t, fleet)
	if err != nil {
		t.Fatal(err)
	}
	if got := inv.On(inv.Hosts[0]); !reflect.DeepEqual(got, inv.Site) {
		t.Errorf("a host without settings of its own has %+v", got)
	}
	got := inv.On(inv.Hosts[1])
	if want := map[string]string{"LANG": "C", "REGION": "north"}; !maps.Equal(got.Environment, want) || len(got.Ports) != 2 ||
		got.Ports[0].Host != 8080 || got.Domain != "north.example.com" {
		t.Errorf("a host with settings of its own has %+v", got)
	}
	if inv.Site.Environment["REGION"] != "none" {
		t.Error("the settings of a host changed the site's")
	}
}

func TestRollout(t *testing.T) {
	inv, err := load(t, fleet)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Rollout{1, provision.Share{Number: 25, Percent: true}, 10 * time.Second, OnFailureRollback}); inv.Rollout != want {
		t.Errorf("it is %+v", inv.Rollout)
	}
	again, err := Parse(inv.File, inv.Dir, Template(*inv, inEnglish))
	if err != nil || again.Rollout != inv.Rollout || !reflect.DeepEqual(again.Hosts, inv.Hosts) {
		t.Errorf("written and read again it is %+v, %v", again, err)
	}
	for _, batch := range []string{"5", "100%"} {
		if _, err := load(t, "site:\nhosts: [{address: a}]\nrollout: {batch: "+batch+"}\n"); err != nil {
			t.Error(err)
		}
	}
}
