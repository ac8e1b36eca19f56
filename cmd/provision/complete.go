package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/steps"
)

// completionTimeout is how long a shell waits for names that only a host knows.
const completionTimeout = 5 * time.Second

// complete has the shell complete the values of the flags that every command that reaches a host has.
func (f *flags) complete(c *cobra.Command) {
	_ = c.RegisterFlagCompletionFunc("lang", completeLanguages) // fails for a flag that there is not
	_ = c.RegisterFlagCompletionFunc("limit", func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		inv, err := inventory.Load(f.inventory)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		given := typed[:strings.LastIndexByte(typed, ',')+1] // the hosts before the one that is being typed
		for _, h := range inv.Hosts {
			names = append(names, given+h.Name)
			for label, value := range h.Labels {
				names = append(names, given+label+"="+value)
			}
		}
		slices.Sort(names)
		names = slices.Compact(names)
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

func completeLanguages(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var tags []string
	for _, tag := range language.Tags() {
		tags = append(tags, string(tag))
	}
	return tags, cobra.ShellCompDirectiveNoFileComp
}

// completeReleases are the releases that the hosts can go back to, asked of them in silence; none where a host does not answer
// in time.
func (f *flags) completeReleases(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	s, err := f.open("completion")
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(c.Context(), completionTimeout)
	defer cancel()
	var releases []string
	for _, h := range s.hosts {
		host := s.host(steps.Installed(s.inventory, s.words), h)
		err := host.Connect(ctx, provision.NewReporter(provision.Options{Decider: provision.Headless{}}, h.Name, ""))
		if err == nil {
			releases = append(releases, host.Earlier()...)
		}
		_ = host.Close(context.WithoutCancel(ctx), provision.HostResult{}) // nothing was changed that closing could spoil
	}
	return releases, cobra.ShellCompDirectiveNoFileComp
}
