package sandbox

import (
	"os/exec"
	"syscall"
)

// isolate gives cmd a mount namespace and a process group of its own.
// mmdebstrap mounts /proc inside the new root; removing that root later must
// not be able to reach the machine's own.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Unshareflags: syscall.CLONE_NEWNS}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
