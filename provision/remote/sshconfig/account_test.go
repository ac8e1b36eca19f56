package sshconfig

import (
	"slices"
	"testing"
)

// New host keys go below $HOME, where that is another home than the user database's; a file that the configuration names stays first.
func TestNewKeysGoToHOME(t *testing.T) {
	two := account{homes: []string{"/root", "/tmp/home"}}
	for _, c := range []struct {
		account     account
		files, want []string
	}{
		{two, []string{"/root/.ssh/known_hosts"}, []string{"/tmp/home/.ssh/known_hosts", "/root/.ssh/known_hosts"}},
		{two, []string{"/root/.ssh/known_hosts", "/tmp/home/.ssh/known_hosts"}, []string{"/tmp/home/.ssh/known_hosts", "/root/.ssh/known_hosts"}},
		{two, []string{"/dev/null"}, []string{"/dev/null"}},
		{account{homes: []string{"/root"}}, []string{"/root/.ssh/known_hosts"}, []string{"/root/.ssh/known_hosts"}},
	} {
		if got := c.account.ownFirst(c.files); !slices.Equal(got, c.want) {
			t.Errorf("of %q: %q", c.files, got)
		}
	}
}
