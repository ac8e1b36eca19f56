package steps

import (
	"cmp"
	"path/filepath"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/site"
)

// The steps' ids, in their order.
const (
	Login            = "01-login"
	Directory        = "02-directory"
	Dockerfile       = site.StepDockerfile
	CertificateLines = site.StepCertificateLines
	NginxConfig      = site.StepNginxConfig
	Files            = "06-files"
	Build            = "07-build"
	Image            = "08-image"
	Run              = "09-run"
	Status           = "10-status"
	Site             = "11-site"
)

// entry is what there is to know of a step beside what it does.
type entry struct {
	id    string
	where diagnose.Where                       // the kind of failures that it has
	edit  []editable                           // what a person may want to edit when it failed, the likeliest first
	make  func(h *Host, s step) provision.Step // the step on a host
}

// editable names a file of this machine.
type editable int

const (
	theInventory editable = iota
	theDockerfile
	theNginxConfig
)

// table is the tutorial: its eleven steps in their order.
func table() []entry {
	settings := []editable{theInventory, theDockerfile, theNginxConfig}
	recipe := []editable{theDockerfile, theNginxConfig, theInventory}
	config := []editable{theNginxConfig, theDockerfile, theInventory}
	return []entry{
		{Login, diagnose.Connect, []editable{theInventory}, newLogin}, // nothing of the site has been looked at yet
		{Directory, diagnose.SFTP, settings, newDirectory},
		{Dockerfile, diagnose.Anywhere, recipe, newDockerfile},
		{CertificateLines, diagnose.Anywhere, recipe, newCertificateLines},
		{NginxConfig, diagnose.Anywhere, config, newNginxConfig},
		{Files, diagnose.SFTP, recipe, newFiles},
		{Build, diagnose.Build, recipe, newBuild},
		{Image, diagnose.Nginx, config, newImage},
		{Run, diagnose.Run, settings, newRun},
		{Status, diagnose.Run, settings, newStatus},
		{Site, diagnose.Site, recipe, newWebsite},
	}
}

// place says which kind of failures a step has.
func place(id string) diagnose.Where {
	for _, e := range table() {
		if e.id == id {
			return e.where
		}
	}
	return diagnose.Anywhere
}

// Editable are the files of this machine that a person may want to edit when a step failed, the likeliest first; file is the
// inventory's. None for a failure outside the steps, a lock that is held for example.
func Editable(id, file string, inv *inventory.Inventory) []string {
	var files []string
	for _, e := range table() {
		if e.id != id {
			continue
		}
		for _, what := range e.edit {
			files = append(files, map[editable]string{
				theInventory:   file,
				theDockerfile:  filepath.Join(inv.Site.Source, cmp.Or(inv.Site.Build.File, site.DockerfilePath)),
				theNginxConfig: filepath.Join(inv.Site.Source, inv.Site.Build.Context, site.DefaultConfigPath),
			}[what])
		}
	}
	return files
}

// step is what all steps have.
type step struct {
	id    string
	host  string // its name in the inventory
	words *language.Printer
}

// ID implements provision.Step.
func (s step) ID() string { return s.id }

// Title implements provision.Step.
func (s step) Title() string { return s.words.T("step." + s.id + ".title") }

// one is a plan of a single change, and what it is in few words.
func one(action, reason, summary string) []provision.Change {
	return []provision.Change{{Action: action, Reason: reason, Summary: summary}}
}
