package prepare

import (
	"strings"
)

// Account is the deploy user on the host.
type Account struct {
	Exists bool
	UID    string
	Home   string
	Groups []string
	Modes  map[string]Mode // of the home folder, .ssh and authorized_keys, by path; what is not there or not to be seen has none
	Keys   []string        // the lines of authorized_keys
	Rules  []string        // what sudo allows, "(ALL : ALL) NOPASSWD: ALL"
	NoSudo bool            // there is no sudo on the host
}

// Mode is who owns a file and what others may do with it, "700".
type Mode struct{ Owner, Bits string }

func parseAccount(l lines) Account {
	a := Account{Keys: l["account.key"], Rules: l["account.rule"], NoSudo: l.has("sudo.missing"), Groups: strings.Fields(l.one("account.groups"))}
	if fields := strings.Split(l.one("account"), ":"); len(fields) == 7 {
		a.Exists, a.UID, a.Home = true, fields[2], fields[5]
	}
	a.Modes = map[string]Mode{}
	for _, line := range l["account.mode"] {
		if parts := strings.SplitN(line, " ", 3); len(parts) == 3 {
			a.Modes[parts[2]] = Mode{parts[0], parts[1]}
		}
	}
	return a
}
