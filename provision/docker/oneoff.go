package docker

import (
	"slices"
	"strings"
)

// LabelOneOff marks a container that runs one command beside the live one, with what it is for. It is no release.
const LabelOneOff = "io.provision.one-off"

// OneOffOptions place a container that runs one command as a release would.
type OneOffOptions struct {
	Name      string
	Site      string
	Directory string // where the site lives on the host
	Purpose   string // the value of its label
	Image     string
	Secrets   string // as in RunOptions
	Terminal  bool   // it has a terminal
	Input     bool   // it reads standard input
	Shell     bool   // the command is one text, which a shell of the image reads in place of its entry point
}

// OneOff runs a command in a new container of a release: its image, environment, volumes, options and network, no ports and no name
// or address that others may know it by. It goes as the command ends. Its output is read as it comes and needs no log.
func (s Spec) OneOff(o OneOffOptions, command ...string) []string {
	argv := []string{"docker", "run", "--rm", "--name", o.Name, "--log-driver", "none"}
	switch {
	case o.Terminal:
		argv = append(argv, "-it")
	case o.Input:
		argv = append(argv, "-i")
	}
	if s.Init {
		argv = append(argv, "--init")
	}
	argv = append(argv, s.inside(o.Secrets)...)
	argv = append(argv, "--label", LabelSite+"="+o.Site, "--label", LabelDirectory+"="+o.Directory, "--label", LabelOneOff+"="+o.Purpose)
	argv = append(argv, s.anonymous()...)
	if o.Shell {
		argv = append(argv, "--entrypoint", "sh")
		command = append([]string{"-c"}, command...)
	}
	return append(append(argv, o.Image), command...)
}

// anonymous are the further options without those that make a container known under a name or an address: the live one has them.
func (s Spec) anonymous() []string {
	known := []string{"--ip", "--ip6", "--link-local-ip", "--mac-address", "--network-alias", "--net-alias"}
	var list []string
	for i := 0; i < len(s.Options); i++ {
		flag, _, joined := strings.Cut(s.Options[i], "=")
		if !slices.Contains(known, flag) {
			list = append(list, s.Options[i])
		} else if !joined {
			i++
		}
	}
	return list
}

// ExecShell has a shell in a running container read a text.
func ExecShell(container, text string) []string { return Exec(container, false, "sh", "-c", text) }
