//go:build !unix

package hook

import "os/exec"

func shellOf(text string) []string { return []string{"cmd", "/C", text} }

func ownGroup(*exec.Cmd) {}

func endGroup(*exec.Cmd) {}
