package sandbox

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// resourceName is the name of a host's container and of its volume.
func resourceName(name string) string { return "provision-sandbox-" + name }

// createArgs is the docker command that makes a host's container.
//
// A nested engine needs nearly everything --privileged gives, but machines
// that lack CAP_SYS_RESOURCE themselves refuse that flag. These flags work on
// both kinds of machine, so there is nothing to detect. The private control
// group namespace keeps the groups of the nested containers below the host's
// own, where they end with it.
func createArgs(o Options, name, address, image string) []string {
	args := []string{
		"create", "--name", resourceName(name), "--hostname", name,
		"--label", labelName + "=" + name,
		"--label", labelSet + "=" + o.Name,
		"--label", labelAddress + "=" + address,
		"--label", labelDir + "=" + hostDir(o.Dir, name),
		"--label", labelEngine + "=" + o.Engine,
		"--label", labelSystem + "=" + o.System,
		"--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE",
		"--security-opt", "seccomp=unconfined",
		"--security-opt", "apparmor=unconfined",
		"--security-opt", "systempaths=unconfined",
		"--security-opt", "label=disable",
		"--device-cgroup-rule", "a *:* rwm",
		"--cgroupns", "private",
		"--tmpfs", "/run:rw,nosuid,nodev,exec,mode=755",
		"--volume", resourceName(name) + ":/var/lib/docker",
		"--volume", "/home", // on a disk, as a cloud host has it: a container's layers take 0.1 ms to open a file
		"--stop-timeout", "20",
		"--label", labelLogin + "=" + o.Login,
		"--env", "SANDBOX_USER=" + cmp.Or(o.Login, User),
		"--env", "SANDBOX_SHELL=" + o.Shell,
		"--env", "SANDBOX_DOCKER_GROUP=" + yesNo(!o.NoDockerGroup),
	}
	for _, port := range o.ports() {
		p := strconv.Itoa(port)
		args = append(args, "--publish", address+":"+p+":"+p)
	}
	if slices.Contains(o.engine.packages, systemd) { // which process 1 has to become
		return append(args, "--env", "container=docker", "--stop-signal", "SIGRTMIN+3", "--entrypoint", "/etc/sandbox/init", image)
	}
	return append(args, "--entrypoint", "/usr/bin/tini-static", image, "--", "/etc/sandbox/init")
}

// ports lists what a host publishes.
func (o Options) ports() []int { return slices.Concat(standardPorts, o.Ports) }

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// configuration is a tar archive of the files that make one host differ from
// the image, laid over the container before its first start.
func configuration(o Options, authorizedKey []byte) (*bytes.Buffer, error) {
	// sshd takes the first value it reads, so the caller's lines come first. A
	// file of their own ends a Match block that they may open.
	sshd := "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
	if o.Login == "root" {
		sshd += "PermitRootLogin yes\n"
	} else {
		sshd += "PermitRootLogin no\n"
	}
	init, err := script("init.sh")
	if err != nil {
		return nil, err
	}
	bootEngine, err := script(o.engine.boot)
	if err != nil {
		return nil, err
	}
	bootSystem, err := script(o.system.boot)
	if err != nil {
		return nil, err
	}
	files := []configFile{
		{"etc/sandbox/init", 0o755, init},
		{"etc/sandbox/engine", 0o644, bootEngine},
		{"etc/sandbox/system", 0o644, bootSystem},
		{"etc/sandbox/bashrc", 0o644, o.system.bashrc},
		{"etc/sandbox/authorized_keys", 0o600, string(authorizedKey)},
		{"etc/ssh/sshd_config.d/10-options.conf", 0o644, strings.Join(append(o.SSHD, ""), "\n")},
		{"etc/ssh/sshd_config.d/50-sandbox.conf", 0o644, sshd},
	}
	user := cmp.Or(o.Login, User)
	switch o.Sudo {
	case SudoWithPassword:
		files = append(files, configFile{"etc/sudoers.d/" + user, 0o440, user + " ALL=(ALL:ALL) ALL\n"})
	case SudoNoPassword:
		files = append(files, configFile{"etc/sudoers.d/" + user, 0o440, user + " ALL=(ALL:ALL) NOPASSWD: ALL\n"})
	}
	return pack(files)
}
