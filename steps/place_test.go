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
	for _, want := range []diagnose.Place{
		{Host: "alias", User: "kevin"},
		{Host: "203.0.113.10", Port: 22, User: "kevin"},
		{Host: "203.0.113.10", Port: 2222, User: "admin"},
		{Host: "2001:db8::1", Port: 22, User: "root"},
	} {
		err := errors.New("another one")
		if want.Port != 0 {
			err = &remote.DialError{User: want.User, Host: want.Host, Port: want.Port}
		}
		want.Where, want.Identity = diagnose.Connect, "'/home/k/my key'"
		if got := h.at(diagnose.Connect, err); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
