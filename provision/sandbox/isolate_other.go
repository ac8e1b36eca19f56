//go:build !linux

package sandbox

import "os/exec"

// isolate has nothing to do where mmdebstrap does not run.
func isolate(*exec.Cmd) {}
