//go:build linux

// Command edge is the program's own part on a host. It is sent there by itself, in an image without anything else, and so it is
// small: it imports little, and a test holds it to that.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/kehuo/provision/provision/edge/route"
	"github.com/kehuo/provision/provision/edge/router"
)

// lifetime is how long the responder answers at most: an order takes no longer, and whoever started it may be gone.
const lifetime = 60 * time.Second

const (
	folder = "/run/edge" // a volume that holder and routers share
	// A holder whose ports are taken waits so long for a router to give the sockets back that a holder before it made.
	giveBack = 10 * time.Second
)

// version is that of the router's ways; it changes when a router of before is worth replacing. A commit's name here would make every
// build another image.
const version = "1"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		if !errors.Is(err, errRefused) {
			say(err.Error())
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return usageError{}
	}
	switch command, rest := args[0], args[1:]; {
	case command == "respond" && len(rest) == 0:
		return respond(":80", "/challenges", lifetime)
	case command == "hold" && len(rest) > 0:
		return router.Hold(ctx, folder, rest, giveBack, say)
	case command == "serve" && len(rest) <= 2:
		return serveSites(ctx, rest)
	case command == "route" && len(rest) == 0:
		return change(ctx)
	case command == "status" && len(rest) == 0:
		return status(ctx)
	}
	return usageError{}
}

// serveSites is the router; its arguments are limits: connections in all, and of one address.
func serveSites(ctx context.Context, args []string) error {
	limits := router.Ordinary()
	for i, a := range args {
		n, err := strconv.Atoi(a)
		if err != nil || n < 1 {
			return usageError{}
		}
		if i == 0 {
			limits.Connections = min(n, limits.Connections)
		} else {
			limits.Client = n
		}
	}
	name, err := os.Hostname()
	if err != nil {
		return err
	}
	r := router.New(router.Config{Name: strings.ReplaceAll(name, "/", "_"), Version: version, Folder: folder, Control: router.ControlSocket,
		Lookup: router.AtDocker, Limits: limits, Say: say})
	return r.Run(ctx)
}

// errRefused ends a command whose answer has been printed.
var errRefused = errors.New("refused")

// change passes a request on to the router in this container. What it answers is printed, a refusal too.
func change(ctx context.Context) error {
	request, err := router.ReadRequest(os.Stdin)
	if err != nil {
		text, _ := json.Marshal(route.Reply{Error: route.ErrorInvalid, Values: []string{err.Error()}})
		_, _ = os.Stdout.Write(append(text, '\n'))
		return errRefused
	}
	answer, err := router.Ask(ctx, router.ControlSocket, request)
	if err != nil {
		return err
	}
	var reply route.Reply
	if err := json.Unmarshal(answer, &reply); err != nil {
		return err
	}
	if _, err := os.Stdout.Write(answer); err != nil {
		return err
	}
	if reply.Error != "" {
		return errRefused
	}
	return nil
}

func status(ctx context.Context) error {
	answer, err := router.Ask(ctx, router.ControlSocket, nil)
	if err == nil {
		_, err = os.Stdout.Write(answer)
	}
	return err
}

func say(line string) { _, _ = os.Stderr.WriteString("edge: " + line + "\n") }

type usageError struct{}

func (usageError) Error() string {
	return "usage: edge respond | hold ADDRESS… | serve [CONNECTIONS [OF-A-CLIENT]] | route <REQUEST | status"
}
