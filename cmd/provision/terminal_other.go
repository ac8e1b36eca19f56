//go:build !unix

package main

import "github.com/kehuo/provision/provision/remote"

// watchSize tells of nothing: there is no signal for it here.
func watchSize(int) (sizes <-chan remote.Size, stop func()) { return nil, func() {} }
