package prepare

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/ssh"
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
	Ours   bool            // the program has let the user run anything
	NoSudo bool            // there is no sudo on the host
}

// Mode is who owns a file and what others may do with it, "700".
type Mode struct{ Owner, Bits string }

func parseAccount(l lines) Account {
	a := Account{Keys: l["account.key"], Rules: l["account.rule"], Ours: l.has("account.sudoers"), NoSudo: l.has("sudo.missing"), Groups: strings.Fields(l.one("account.groups"))}
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

// Missing is what of the deploy user has to be made or put right, a line each as a diff has them, and the keys to add. There is none
// for root, who is there.
func (a Account) Missing(user string, keys []string) (diff []string, add []string) {
	if !a.Exists {
		diff = append(diff, "+ "+user+" (/home/"+user+")")
	}
	for _, key := range keys {
		if !slices.ContainsFunc(a.Keys, func(line string) bool { return keyOf(line) == keyOf(key) }) {
			add = append(add, key)
			diff = append(diff, "+ "+a.home(user)+"/.ssh/authorized_keys: "+brief(key))
		}
	}
	if !a.Exists {
		return diff, add
	}
	for _, file := range []struct{ path, mode string }{{a.Home, "755"}, {a.Home + "/.ssh", "700"}, {a.Home + "/.ssh/authorized_keys", "600"}} {
		mode, there := a.Modes[file.path]
		switch {
		case !there && file.path == a.Home:
			diff = append(diff, "+ "+file.path)
		case there && (mode.Owner != user || refused(mode.Bits)):
			diff = append(diff, "~ "+file.path+": "+mode.Owner+" "+mode.Bits+" -> "+user+" "+file.mode)
		}
	}
	return diff, add
}

// refused reports whether sshd refuses keys in a folder or file of that mode: others may write to it.
func refused(bits string) bool {
	n, err := strconv.ParseUint(bits, 8, 16)
	return err == nil && n&0o022 != 0
}

func (a Account) home(user string) string { return cmp.Or(a.Home, "/home/"+user) }

// MaySudo reports whether the user may run anything as root, unasked.
func (a Account) MaySudo() bool {
	return slices.ContainsFunc(a.Rules, func(rule string) bool { return strings.Contains(rule, "NOPASSWD: ALL") })
}

// In reports whether the user is in a group.
func (a Account) In(group string) bool { return slices.Contains(a.Groups, group) }

// keyOf is a line of authorized_keys without its options and its comment.
func keyOf(line string) string {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return line
	}
	return string(key.Marshal())
}

// brief is a key as a person recognises it: its kind and comment.
func brief(line string) string {
	key, comment, _, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return "?"
	}
	return strings.TrimSpace(key.Type() + " " + ssh.FingerprintSHA256(key) + " " + comment)
}
