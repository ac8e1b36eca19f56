//go:build unix

package tui

import (
	"os"

	"golang.org/x/sys/unix"
)

// hasShell reports whether a shell is there that can stop this program and go on with it. Where the program is all that runs on
// the terminal the kernel stops nothing, and whoever waits to be continued waits for ever.
func hasShell() bool {
	parent := os.Getppid()
	own, err := unix.Getsid(0)
	if err != nil {
		return false
	}
	session, err := unix.Getsid(parent)
	if err != nil || session != own {
		return false
	}
	group, err := unix.Getpgid(parent)
	return err == nil && group != unix.Getpgrp()
}
