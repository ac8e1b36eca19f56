//go:build unix

package main

import (
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/term"

	"github.com/kehuo/provision/provision/remote"
)

// watchSize tells of new sizes of a terminal until stop is called.
func watchSize(terminal int) (sizes <-chan remote.Size, stop func()) {
	changed := make(chan os.Signal, 1)
	signal.Notify(changed, syscall.SIGWINCH)
	told, ended := make(chan remote.Size, 1), make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			select {
			case <-ended:
				return
			case <-changed:
			}
			width, height, err := term.GetSize(terminal)
			if err != nil {
				continue
			}
			select {
			case told <- remote.Size{Width: width, Height: height}:
			case <-ended:
				return
			}
		}
	})
	return told, func() {
		signal.Stop(changed)
		close(ended)
		watching.Wait()
	}
}
