// Command bench stands the program beside what people would use instead, on the same host, files and link, and prints a
// table of ratios. All tools run by turns, so that what else the machine does meets all of them; medians are compared.
//
//	go run ./provision/bench                                every table
//	go run ./provision/bench -runs 9 -work "200 MiB" upload
//	go run ./provision/bench rerun
//	go run ./provision/bench local
//
// It needs OpenSSH (client and server), rsync, curl and Ansible on this machine, a Docker Engine for the sandbox, and sends
// traffic on the loopback interface only.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	runs := flag.Int("runs", 5, "how often each tool does each work; the medians are compared")
	work := flag.String("work", "", "only the works whose name contains this")
	client := flag.String("client", "", "used by the bench itself: do one upload, described by this file, and end")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, *runs, *work, *client); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// measure makes the tables that were asked for by name, or all of them.
func measure(ctx context.Context, runs int, work, client string) error {
	if client != "" {
		return uploadOnce(ctx, client)
	}
	tables := map[string]func() error{
		"upload": func() error { return uploads(ctx, runs, work) },
		"rerun":  func() error { return reruns(ctx, runs, work) },
		"local":  func() error { return local(ctx, runs) },
	}
	names := flag.Args()
	if len(names) == 0 {
		names = []string{"upload", "rerun", "local"}
	}
	for _, name := range names {
		table, ok := tables[name]
		if !ok {
			return fmt.Errorf("there is no table %q; choose from upload, rerun and local", name)
		}
		fmt.Printf("\n## %s\n\n", name)
		if err := table(); err != nil {
			return err
		}
	}
	return nil
}
