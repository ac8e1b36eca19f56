package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// What the program imports travels to hosts: beside the standard library, these rooms and these modules alone.
func TestTheProgramStaysSmall(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{if not .Standard}}{{if .Module}}{{.Module.Path}} {{end}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	const own = "github.com/kehuo/provision"
	var rooms, modules []string
	for line := range strings.Lines(string(out)) {
		module, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case module == own:
			rooms = append(rooms, strings.TrimPrefix(name, own+"/"))
		case !slices.Contains(modules, module):
			modules = append(modules, module)
		}
	}
	slices.Sort(rooms)
	slices.Sort(modules)
	if want := []string{
		"cmd/renew", "provision", "provision/certificate", "provision/docker", "provision/inventory", "provision/language", "provision/probe",
		"provision/remote", "provision/remote/hostkey", "provision/remote/sshconfig", "provision/renewal", "provision/safetext", "provision/shell",
		"provision/state",
	}; !slices.Equal(rooms, want) {
		t.Errorf("it has the rooms %q", rooms)
	}
	if want := []string{
		"al.essio.dev/pkg/shellescape", "github.com/agnivade/levenshtein", "github.com/cenkalti/backoff/v5", "github.com/charmbracelet/x/ansi",
		"github.com/clipperhouse/displaywidth", "github.com/clipperhouse/stringish", "github.com/clipperhouse/uax29/v2",
		"github.com/distribution/reference", "github.com/docker/go-units", "github.com/go-acme/lego/v5", "github.com/go-jose/go-jose/v4",
		"github.com/goccy/go-yaml", "github.com/gofrs/flock", "github.com/kevinburke/ssh_config", "github.com/kr/fs",
		"github.com/lucasb-eyer/go-colorful", "github.com/mattn/go-runewidth", "github.com/opencontainers/go-digest", "github.com/pkg/sftp",
		"github.com/youmark/pkcs8", "golang.org/x/crypto", "golang.org/x/net", "golang.org/x/sys", "golang.org/x/text", "mvdan.cc/sh/v3",
	}; !slices.Equal(modules, want) {
		t.Errorf("it has the modules %q", modules)
	}
}
