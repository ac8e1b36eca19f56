// Command bench stands the program beside what people would use instead, on the same host, files and link, and prints a
// table of ratios. All tools run by turns, so that what else the machine does meets all of them; medians are compared.
//
//	go run ./provision/bench            every table
//	go run ./provision/bench -runs 9 -work "200 MiB" upload
//
// It needs OpenSSH (client and server) and rsync on this machine, and sends traffic on the loopback interface only.
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
	run := func() error { return uploads(ctx, *runs, *work) }
	if *client != "" {
		run = func() error { return uploadOnce(ctx, *client) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
