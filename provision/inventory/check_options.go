package inventory

import (
	"fmt"
	"slices"
	"strings"
)

// taken tells which options of docker run the program gives itself, and what to use instead.
func taken(flag string) (instead string, ok bool) {
	switch flag {
	case "--name":
		return "name the container in site.container", true
	case "--detach", "-d":
		return "the container always runs in the background", true
	case "--publish", "-p", "--publish-all", "-P":
		return "list the ports in site.ports", true
	case "--rm":
		return "a stopped release is kept for rollback, see site.keep", true
	case "--interactive", "-i", "--tty", "-t":
		return "the program gives the container the terminal that the tutorial gives it", true
	case "--restart":
		return "write the policy into site.restart", true
	case "--env", "-e":
		return "write the variable into site.environment, a secret into the file that site.environment_file names", true
	case "--env-file":
		return "name the file in site.environment_file", true
	case "--volume", "-v":
		return "list it in site.volumes", true
	case "--init":
		return "write init: true below site:", true
	case "--attach", "-a":
		return "read the output with 'provision logs'", true
	case "--cidfile":
		return "'provision status' tells the container's id", true
	case "--help":
		return "'docker run --help' on the host prints the help", true
	}
	return "", false
}

// switches are the options of docker run that take no value.
func switches() []string {
	return []string{"--disable-content-trust", "--no-healthcheck", "--oom-kill-disable", "--privileged", "--quiet", "-q", "--read-only", "--sig-proxy", "--use-api-socket"}
}

// valued are the options of docker run that take a value, as of Docker 28.
func valued() []string {
	return []string{
		"--add-host", "--annotation", "--blkio-weight", "--blkio-weight-device", "--cap-add", "--cap-drop", "--cgroup-parent",
		"--cgroupns", "--cpu-count", "--cpu-percent", "--cpu-period", "--cpu-quota", "--cpu-rt-period", "--cpu-rt-runtime",
		"--cpu-shares", "-c", "--cpus", "--cpuset-cpus", "--cpuset-mems", "--detach-keys", "--device", "--device-cgroup-rule",
		"--device-read-bps", "--device-read-iops", "--device-write-bps", "--device-write-iops", "--dns", "--dns-opt",
		"--dns-option", "--dns-search", "--domainname", "--entrypoint", "--expose", "--gpus", "--group-add", "--health-cmd",
		"--health-interval", "--health-retries", "--health-start-interval", "--health-start-period", "--health-timeout",
		"--hostname", "-h", "--io-maxbandwidth", "--io-maxiops", "--ip", "--ip6", "--ipc", "--isolation", "--kernel-memory",
		"--label", "-l", "--label-file", "--link", "--link-local-ip", "--log-driver", "--log-opt", "--mac-address", "--memory", "-m",
		"--memory-reservation", "--memory-swap", "--memory-swappiness", "--mount", "--net", "--net-alias", "--network",
		"--network-alias", "--oom-score-adj", "--pid", "--pids-limit", "--platform", "--pull", "--runtime", "--security-opt",
		"--shm-size", "--stop-signal", "--stop-timeout", "--storage-opt", "--sysctl", "--tmpfs", "--ulimit", "--user", "-u",
		"--userns", "--uts", "--volume-driver", "--volumes-from", "--workdir", "-w",
	}
}

// ownLabels is what the labels begin with by which the program knows what is its own.
const ownLabels = "io.provision"

// checkOptions judges further arguments of docker run; the number is that of the entry that is wrong. Each must be an
// option, or the value of the option before it: anything else would be taken for the image.
func checkOptions(options []string) (int, error) {
	for i := 0; i < len(options); i++ {
		flag, value, attached := strings.Cut(options[i], "=")
		if err := checkOption(options[i], flag); err != nil {
			return i, err
		}
		if strings.HasPrefix(flag, "--") && slices.Contains(switches(), flag) || flag == "-q" {
			continue
		}
		entry := i
		if !attached && (len(flag) == 2 || strings.HasPrefix(flag, "--")) { // -m 512m in two entries
			i++
			if isNew := !slices.Contains(valued(), flag); isNew && (i == len(options) || strings.HasPrefix(options[i], "-")) {
				i-- // an option of a newer Docker that takes no value
				continue
			}
			if i == len(options) {
				return entry, fmt.Errorf("%q has no value; write %q, or the value as the next entry", flag, flag+"=VALUE")
			}
			value = options[i]
		}
		if !strings.HasPrefix(flag, "--") && len(flag) > 2 { // -m512m
			flag, value = flag[:2], options[entry][2:]
		}
		if (flag == "--label" || flag == "-l") && strings.HasPrefix(value, ownLabels) {
			return entry, fmt.Errorf("%q sets a label that begins with %s, by which the program knows its own containers; choose another label", options[entry], ownLabels)
		}
	}
	return 0, nil
}

func checkOption(option, flag string) error {
	switch {
	case option == "" || option == "-" || option == "--":
		return fmt.Errorf("%q is not an option of docker run; write \"--memory=512m\" for example", option)
	case !strings.HasPrefix(option, "-"):
		return fmt.Errorf("%q would be taken for the image, because no option before it wants a value; write \"--option=value\" in one entry", option)
	}
	if name, value, ok := strings.Cut(flag, " "); ok {
		if instead, ok := taken(name); ok {
			return fmt.Errorf("%q is given by the program itself; %s", name, instead)
		}
		return fmt.Errorf("%q is two arguments in one entry; write \"%s=%s\"", option, name, strings.TrimSpace(value))
	}
	if instead, ok := taken(flag); ok {
		return fmt.Errorf("%q is given by the program itself; %s", flag, instead)
	}
	if !strings.HasPrefix(flag, "--") {
		return checkShort(option, flag)
	}
	known := append(switches(), valued()...)
	if slices.Contains(known, flag) {
		return nil
	}
	if n := nearest(flag, known); n != "" {
		return fmt.Errorf("%q is not an option of docker run; did you mean %q?", flag, n)
	}
	return nil // of a newer Docker, perhaps
}

// checkShort judges an option with one dash: several of them may be joined (-it), or a value may follow at once (-m512m).
func checkShort(option, flag string) error {
	if slices.Contains(append(switches(), valued()...), "-"+flag) {
		return fmt.Errorf("%q begins with one dash; write %q", option, "-"+option)
	}
	for _, letter := range flag[1:] {
		short := "-" + string(letter)
		if instead, ok := taken(short); ok {
			return fmt.Errorf("%q has %s, which is given by the program itself; %s", option, short, instead)
		}
		if slices.Contains(valued(), short) {
			return nil // the rest is its value
		}
		if !slices.Contains(switches(), short) {
			return fmt.Errorf("%q is not an option of docker run; options with a name begin with two dashes", option)
		}
	}
	return nil
}

// JoinsNetwork reports whether the options put the container into a network of their choice. Its ports cannot be moved then,
// so that a release takes over cold.
func (s Site) JoinsNetwork() bool {
	return slices.ContainsFunc(s.Options, func(o string) bool {
		flag, _, _ := strings.Cut(o, "=")
		return flag == "--network" || flag == "--net"
	})
}

// choosesLogDriver reports whether options of docker run say where the log goes.
func choosesLogDriver(options []string) bool {
	return slices.ContainsFunc(options, func(o string) bool {
		flag, _, _ := strings.Cut(o, "=")
		return flag == "--log-driver" || flag == "--log-opt"
	})
}
