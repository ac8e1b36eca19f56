package inventory

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/go-units"
)

// CheckRestart accepts a restart policy as Docker does.
func CheckRestart(policy string) error {
	name, retries, counted := strings.Cut(policy, ":")
	switch {
	case policy == "no" || policy == "always" || policy == "unless-stopped" || policy == "on-failure":
		return nil
	case name == "on-failure" && counted:
		if n, err := strconv.Atoi(retries); err != nil || n < 1 {
			return invalid("inventory.restart-tries", policy, retries)
		}
		return nil
	}
	return invalid("inventory.restart", policy, didYouMean(policy, []string{"no", "always", "unless-stopped", "on-failure"}))
}

// CheckVolume accepts a volume as docker run --volume does: a folder of the host or a volume's name, the path in the container,
// and options.
func CheckVolume(volume string) error {
	parts := strings.Split(volume, ":")
	if volume == "" {
		return invalid("inventory.volume-empty")
	}
	if len(parts) < 2 || len(parts) > 3 {
		return invalid("inventory.volume", volume)
	}
	from, to := parts[0], parts[1]
	switch {
	case from == "":
		return invalid("inventory.volume-nothing", volume)
	case strings.ContainsRune(volume, 0):
		return invalid("inventory.nul", volume)
	case strings.HasPrefix(from, "~") || strings.HasPrefix(from, "."):
		return invalid("inventory.volume-relative", volume)
	case !path.IsAbs(from) && CheckContainer(from) != nil:
		return invalid("inventory.volume-source", volume, from)
	case !path.IsAbs(to):
		return invalid("inventory.volume-target", volume, to)
	case path.Clean(to) == "/":
		return invalid("inventory.volume-root", volume)
	}
	if len(parts) == 3 {
		return checkVolumeOptions(volume, parts[2])
	}
	return nil
}

func checkVolumeOptions(volume, options string) error {
	known := []string{"ro", "rw", "z", "Z", "nocopy", "shared", "rshared", "slave", "rslave", "private", "rprivate", "consistent", "cached", "delegated"}
	for option := range strings.SplitSeq(options, ",") {
		if !slices.Contains(known, option) {
			return invalid("inventory.volume-option", volume, option, didYouMean(option, known))
		}
	}
	return nil
}

// checkLogSize accepts a size as the log driver json-file does.
func checkLogSize(size string) error {
	if n, err := parseSize(size); err != nil || n == 0 {
		return invalid("inventory.log-size", size)
	}
	return nil
}

// parseSize reads a number of bytes as people write it: 10m.
func parseSize(size string) (int64, error) {
	n, err := units.FromHumanSize(size)
	if err != nil || n < 0 || strings.ContainsAny(size, " .") {
		return 0, invalid("inventory.log-size", size)
	}
	return n, nil
}

// checkSecrets accepts a way in which secrets reach the container.
func checkSecrets(way string) error {
	if way == SecretsEnvironment || way == SecretsFile {
		return nil
	}
	return invalid("inventory.secrets", way)
}

// CheckCutover accepts a way in which a release takes over.
func CheckCutover(cutover string) error {
	if cutover == CutoverAuto || cutover == CutoverWarm || cutover == CutoverCold {
		return nil
	}
	return invalid("inventory.cutover", cutover)
}

// taken tells which options of docker run the program gives itself, and what to use instead.
func taken(flag string) (instead error, ok bool) {
	code := ""
	switch flag {
	case "--name":
		code = "inventory.instead-name"
	case "--detach", "-d":
		code = "inventory.instead-detach"
	case "--publish", "-p", "--publish-all", "-P":
		code = "inventory.instead-publish"
	case "--rm":
		code = "inventory.instead-rm"
	case "--interactive", "-i", "--tty", "-t":
		code = "inventory.instead-tty"
	case "--restart":
		code = "inventory.instead-restart"
	case "--env", "-e":
		code = "inventory.instead-env"
	case "--env-file":
		code = "inventory.instead-env-file"
	case "--volume", "-v":
		code = "inventory.instead-volume"
	case "--init":
		code = "inventory.instead-init"
	case "--attach", "-a":
		code = "inventory.instead-attach"
	case "--cidfile":
		code = "inventory.instead-cidfile"
	case "--help":
		code = "inventory.instead-help"
	default:
		return nil, false
	}
	return invalid(code), true
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
				return entry, invalid("inventory.option-value", flag, flag+"=VALUE")
			}
			value = options[i]
		}
		if !strings.HasPrefix(flag, "--") && len(flag) > 2 { // -m512m
			flag, value = flag[:2], options[entry][2:]
		}
		if (flag == "--label" || flag == "-l") && strings.HasPrefix(value, ownLabels) {
			return entry, invalid("inventory.option-label", options[entry], ownLabels)
		}
		if mode, _, _ := strings.Cut(value, ":"); (flag == "--network" || flag == "--net") && (mode == "none" || mode == "container") {
			return entry, invalid("inventory.option-network", flag+"="+value)
		}
	}
	return 0, nil
}

func checkOption(option, flag string) error {
	switch {
	case option == "" || option == "-" || option == "--":
		return invalid("inventory.option", option)
	case !strings.HasPrefix(option, "-"):
		return invalid("inventory.option-image", option)
	}
	if name, value, ok := strings.Cut(flag, " "); ok {
		if instead, ok := taken(name); ok {
			return invalid("inventory.option-taken", name, instead)
		}
		return invalid("inventory.option-two", option, name, strings.TrimSpace(value))
	}
	if instead, ok := taken(flag); ok {
		return invalid("inventory.option-taken", flag, instead)
	}
	if !strings.HasPrefix(flag, "--") {
		return checkShort(option, flag)
	}
	known := append(switches(), valued()...)
	if slices.Contains(known, flag) {
		return nil
	}
	if n := Nearest(flag, known); n != "" {
		return invalid("inventory.option-meant", flag, n)
	}
	return nil // of a newer Docker, perhaps
}

// checkShort judges an option with one dash: several of them may be joined (-it), or a value may follow at once (-m512m).
func checkShort(option, flag string) error {
	if slices.Contains(append(switches(), valued()...), "-"+flag) {
		return invalid("inventory.option-dash", option, "-"+option)
	}
	for _, letter := range flag[1:] {
		short := "-" + string(letter)
		if instead, ok := taken(short); ok {
			return invalid("inventory.option-short", option, short, instead)
		}
		if slices.Contains(valued(), short) {
			return nil // the rest is its value
		}
		if !slices.Contains(switches(), short) {
			return invalid("inventory.option-dashes", option)
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
