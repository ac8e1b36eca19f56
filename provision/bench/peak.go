package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// runWithPeak runs a command and returns the most memory that its process had, in bytes; 0 where that is not known. The kernel's
// count for a child would include what its parent had when it was forked, so that the process itself is asked, every millisecond.
func runWithPeak(cmd *exec.Cmd) (peak int64, err error) {
	if err := cmd.Start(); err != nil { // it returns once the process runs the command
		return 0, err
	}
	ended := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			peak = max(peak, peakOf(cmd.Process.Pid))
			select {
			case <-tick.C:
			case <-ended:
				return
			}
		}
	})
	err = cmd.Wait()
	close(ended)
	asking.Wait()
	return peak, err
}

// peakOf is the most memory that a process had so far, in bytes; 0 where that is not known.
func peakOf(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kibibytes int64
	_, _ = fmt.Sscan(rest, &kibibytes)
	return kibibytes << 10
}

// memory is a peak for a table. No program of ours gets by with less than a mebibyte: such a figure is none.
func memory(peak int64) string {
	if peak < 1<<20 {
		return "-"
	}
	return mebi(peak)
}
