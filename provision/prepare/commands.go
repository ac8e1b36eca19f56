package prepare

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/shell"
)

var (
	aptScript     = shell.Load(files, "apt.sh")
	dnfScript     = shell.Load(files, "dnf.sh")
	writeScript   = shell.Load(files, "write.sh")
	serviceScript = shell.Load(files, "service.sh")
	swapScript    = shell.Load(files, "swap.sh")
	userScript    = shell.Load(files, "user.sh")
	sudoersScript = shell.Load(files, "sudoers.sh")
	daemonScript  = shell.Load(files, "daemon.sh")
	engineScript  = shell.Load(files, "engine.sh")
)

// Command is a script that a change runs on the host as root, and how a person would type it.
type Command struct {
	Shown  string
	Script shell.Text
}

// lockWait is how long another package manager may hold its locks: unattended upgrades of a fresh host take minutes.
const lockWait = 5 * time.Minute

// Install installs packages; those of optional where the distribution has them. Without any it finishes what was interrupted.
func (s System) Install(packages, optional []string) Command {
	script, shown := aptScript, "apt-get install "+strings.Join(packages, " ")
	if s.Family == Dnf {
		script, shown = dnfScript, "dnf install "+strings.Join(packages, " ")
	} else if len(packages) == 0 {
		shown = "dpkg --configure -a"
	}
	args := append([]string{strconv.Itoa(int(lockWait / time.Second)), strings.Join(optional, " ")}, packages...)
	return Command{shown, script.With(args...)}
}

// Write puts standard input into a file of root's.
func Write(path, mode string) Command { return Command{"tee " + path, writeScript.With(path, mode)} }

// The actions of Service.
const (
	ServiceEnable  = "enable" // start it, now and with the host
	ServiceRestart = "restart"
)

// Service does something with a service.
func (s System) Service(action, name string) Command {
	shown := "systemctl " + action + " " + name
	switch {
	case s.Init != InitSystemd && action == ServiceEnable:
		shown = "service " + name + " start"
	case s.Init != InitSystemd:
		shown = "service " + name + " " + action
	case action == ServiceEnable:
		shown = "systemctl enable --now " + name
	}
	return Command{shown, serviceScript.With(action, name)}
}

// MakeSwap makes a swap file of a size in MiB.
func MakeSwap(size int) Command {
	return Command{"mkswap /swapfile.provision && swapon /swapfile.provision", swapScript.With(strconv.Itoa(size))}
}

// MakeUser makes the deploy user, or puts right what is wrong with its home, and adds keys.
func MakeUser(user string, keys []string) Command {
	return Command{"useradd --create-home " + user, userScript.With(append([]string{user}, keys...)...)}
}

// Sudoers lets the user run anything, or takes that back.
func Sudoers(user string, allowed bool) Command {
	wanted := "no"
	if allowed {
		wanted = "yes"
	}
	return Command{"visudo -f " + SudoersFile, sudoersScript.With(user, wanted)}
}

// SudoersFile is the program's own.
const SudoersFile = "/etc/sudoers.d/90-provision"

// StartEngine starts the engine and lets the user talk to it; an empty user is root.
func StartEngine(user string) Command {
	return Command{"systemctl enable --now docker && usermod -aG docker " + user, engineScript.With(user)}
}

// The ways in which an engine takes a new daemon.json over.
const (
	EngineRestart = "restart" // everything
	EngineReload  = "reload"  // what it can without a restart
	EngineStopped = "stopped" // it does not run
)

// WriteDaemon puts standard input in the place of daemon.json.
func WriteDaemon(how string) Command { return Command{"tee " + DaemonFile, daemonScript.With(how)} }

// DaemonFile is where the engine reads its settings.
const DaemonFile = "/etc/docker/daemon.json"

// UpdatesFile is where apt reads whether security updates install themselves, and UpdatesText what it has to read.
const (
	UpdatesFile = "/etc/apt/apt.conf.d/20auto-upgrades"
	UpdatesText = "APT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n"
)

// UpdatesTimer is the same for dnf.
const UpdatesTimer = "dnf-automatic-install.timer"

// Packages are those that the host has to have, beside the engine's.
func (s System) Packages(p inventory.Prepare, noSudo bool) []string {
	packages := slices.Clone(p.Packages)
	if s.Clock == "" && !s.Container {
		packages = append(packages, "chrony")
	}
	if p.User.Sudo && noSudo {
		packages = append(packages, "sudo")
	}
	if p.Updates {
		packages = append(packages, map[Family]string{Apt: "unattended-upgrades", Dnf: "dnf-automatic"}[s.Family])
	}
	packages = slices.DeleteFunc(packages, s.Has)
	slices.Sort(packages)
	return slices.Compact(packages)
}

// ClockService is what keeps the clock once chrony is installed.
func (s System) ClockService() string {
	if s.Family == Dnf {
		return "chronyd"
	}
	return "chrony"
}

// smallMemory is what a host has at least that needs no swap, in KiB: a build of a small site takes more than half of it.
const smallMemory = 1000 << 10

// SwapWanted is the swap file to make, in MiB; 0 for none.
func (s System) SwapWanted(swap string) int {
	switch swap {
	case inventory.SwapNone:
		return 0
	case inventory.SwapAuto, "":
		if s.Container || s.Memory == 0 || s.Memory >= smallMemory || s.Swap > 0 {
			return 0
		}
		return 1 << 10
	}
	size, _ := strconv.Atoi(swap[:len(swap)-1])
	if strings.HasSuffix(swap, "g") {
		size <<= 10
	}
	if s.SwapFile>>10 == int64(size) {
		return 0
	}
	return size
}
