package steps

import (
	"errors"
	"testing"

	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/remote"
)

func TestPlaceIsTheHostAsItWasDialled(t *testing.T) {
	h := (&Deployment{}).NewHost(inventory.Host{Name: "cloud", Address: "alias", User: "kevin", Identity: "/home/k/my key"}, Connection{}, "test")
	for target, want := range map[string]diagnose.Place{
		"":                        {Host: "alias", User: "kevin"},
		"kevin@203.0.113.10":      {Host: "203.0.113.10", Port: 22, User: "kevin"},
		"admin@203.0.113.10:2222": {Host: "203.0.113.10", Port: 2222, User: "admin"},
		"root@[2001:db8::1]:2222": {Host: "2001:db8::1", Port: 2222, User: "root"},
		"root@2001:db8::1":        {Host: "2001:db8::1", Port: 22, User: "root"},
	} {
		err := errors.New("another one")
		if target != "" {
			err = &remote.DialError{Target: target}
		}
		want.Where, want.Identity = diagnose.Connect, "'/home/k/my key'"
		if got := h.at(diagnose.Connect, err); got != want {
			t.Errorf("%q: %+v, want %+v", target, got, want)
		}
	}
}
