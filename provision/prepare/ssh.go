package prepare

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision/shell"
)

// SSH is what sshd does for the deploy user and for root, from where this login came.
type SSH struct {
	Version  string                       // of OpenSSH, "9.2"; empty: no sshd of OpenSSH's runs
	From     string                       // where the login came from, as sshd -C has it
	Ports    []int                        // that it listens on
	Settings map[string]map[string]string // by user and keyword in lower case; empty where they cannot be seen
}

func parseSSH(l lines) SSH {
	s := SSH{Version: l.one("sshd"), From: l.one("sshd.from"), Settings: map[string]map[string]string{}}
	for name, values := range l {
		user, found := strings.CutPrefix(name, "sshd.of.")
		if !found {
			continue
		}
		s.Settings[user] = map[string]string{}
		for _, value := range values {
			keyword, value, _ := strings.Cut(value, " ")
			if keyword == "port" {
				s.addPort(value)
			}
			s.Settings[user][keyword] = value
		}
	}
	s.addPort(l.one("sshd.port"))
	slices.Sort(s.Ports)
	return s
}

func (s *SSH) addPort(text string) {
	if port, err := strconv.ParseUint(text, 10, 16); err == nil && port > 0 && !slices.Contains(s.Ports, int(port)) {
		s.Ports = append(s.Ports, int(port))
	}
}

// Includes reports whether sshd knows Include, so that our settings have a file of their own: since 8.2. An older one's own file is edited.
func (s SSH) Includes() bool {
	major, minor, _ := strings.Cut(s.Version, ".")
	a, _ := strconv.Atoi(major)
	b, _ := strconv.Atoi(strings.TrimRight(minor, "p."))
	return a > 8 || a == 8 && b >= 2
}

// Setting is a line of sshd's configuration that is wanted.
type Setting struct{ Keyword, Value string }

// StrictSSH are the settings of a host that takes no passwords, and no root where somebody else may become root. Until OpenSSH 8.7
// answers to questions had a keyword of their own, which is another name for the same today.
func StrictSSH(noRoot bool) []Setting {
	settings := []Setting{{"PasswordAuthentication", "no"}, {"KbdInteractiveAuthentication", "no"}, {"ChallengeResponseAuthentication", "no"}}
	if noRoot {
		settings = append(settings, Setting{"PermitRootLogin", "no"})
	}
	return settings
}

// Differs lists what sshd does otherwise than wanted, for root or the deploy user, as a diff.
func (s SSH) Differs(wanted []Setting) string {
	var diff strings.Builder
	for _, setting := range wanted {
		keyword := strings.ToLower(setting.Keyword)
		var others []string
		for _, user := range slices.Sorted(maps.Keys(s.Settings)) {
			if value, known := s.Settings[user][keyword]; known && value != setting.Value && !slices.Contains(others, value) {
				others = append(others, value)
			}
		}
		for _, value := range others {
			diff.WriteString("-" + setting.Keyword + " " + value + "\n")
		}
		if len(others) > 0 {
			diff.WriteString("+" + setting.Keyword + " " + setting.Value + "\n")
		}
	}
	return diff.String()
}

// Own is the file that has our settings.
func (s SSH) Own() string {
	if s.Includes() {
		return SSHOwn
	}
	return SSHMain
}

// Where sshd's settings lie. The name of ours comes before all others: the first value wins.
const (
	SSHMain = "/etc/ssh/sshd_config"
	SSHOwn  = "/etc/ssh/sshd_config.d/00-provision.conf"
	sshLive = "/run/provision-sshd"
)

var (
	sshApply = shell.Load(files, "ssh_tools.sh", "ssh_apply.sh")
	sshKeep  = shell.Load(files, "ssh_keep.sh")
	sshUndo  = shell.Load(files, "ssh_tools.sh", "ssh_undo.sh")

	sshEditApply = shell.Load(files, "ssh_tools.sh", "ssh_edit_apply.sh")
	sshEditKeep  = shell.Load(files, "ssh_tools.sh", "ssh_edit_keep.sh")
	sshEditUndo  = shell.Load(files, "ssh_tools.sh", "ssh_edit_undo.sh")
)

// Trial is the change that has sshd take settings, to be confirmed by user.
func (s SSH) Trial(host, user string, wanted []Setting) Trial {
	return s.trial(host, user, wanted, SSHMain, SSHOwn, sshLive)
}

func (s SSH) trial(host, user string, wanted []Setting, main, own, live string) Trial {
	var text []string
	for _, setting := range wanted {
		text = append(text, setting.Keyword+" "+setting.Value)
	}
	apply, keep, undo := sshApply, sshKeep, sshUndo
	if !s.Includes() {
		apply, keep, undo = sshEditApply, sshEditKeep, sshEditUndo
	}
	return Trial{
		Host: host, User: user,
		Apply: apply.With(main, own, live, user, s.From, strings.Join(text, "\n")),
		Keep:  keep.With(main, own, live),
		Undo:  undo.With(main, own, live),
	}
}
