// Package prepare is what goes before the tutorial: the steps that make a bare host ready for it, a file each, in order.
package prepare

import (
	"context"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
)

// The steps' ids, in their order.
const (
	Login    = "prepare-01-login"
	System   = "prepare-02-system"
	User     = "prepare-03-user"
	Docker   = "prepare-04-docker"
	Firewall = "prepare-05-firewall"
	SSH      = "prepare-06-ssh"
	Base     = "prepare-07-base"
)

// entry is what there is to know of a step beside what it does.
type entry struct {
	id    string
	where diagnose.Where                       // the kind of failures that it has
	make  func(h *Host, s step) provision.Step // the step on a host
}

func table() []entry {
	return []entry{
		{Login, diagnose.Connect, newLogin},
		{System, diagnose.Packages, newSystem},
		{User, diagnose.Anywhere, newUser},
		{Docker, diagnose.Packages, newDocker},
		{Firewall, diagnose.Connect, newFirewall},
		{SSH, diagnose.Connect, newSSH},
		{Base, diagnose.Docker, newBase},
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

// change is a change that apply makes; its words are "prepare.NAME.action", which takes the values, and "prepare.NAME.reason".
func (s step) change(name, diff string, apply func(context.Context, *provision.Reporter) error, values ...any) provision.Change {
	return provision.Change{
		Action: s.words.T("prepare."+name+".action", values...), Reason: s.words.T("prepare." + name + ".reason"), Diff: diff, Apply: apply,
	}
}

// finding tells something worth knowing; its words are "prepare.NAME.cause", which takes the values, and "prepare.NAME.fix".
func (s step) finding(severity provision.Severity, name string, values ...any) provision.Finding {
	return provision.Finding{
		Severity: severity, Code: "prepare." + name, Cause: s.words.T("prepare."+name+".cause", values...), Fix: s.words.T("prepare." + name + ".fix"),
	}
}

// settled is the error of a step that has changes left once they were made.
func (s step) settled(left []provision.Change, err error) error {
	if err != nil || len(left) == 0 {
		return err
	}
	return provision.Fail("prepare.unsettled", s.host, left[0].Action)
}

// Preparation is what is wanted of all hosts.
type Preparation struct {
	Inventory *inventory.Inventory
	Words     *language.Printer
	Bases     []string // images that the site is built from
}
