//go:build !unix

package tui

// hasShell reports that nothing can be suspended here.
func hasShell() bool { return false }
