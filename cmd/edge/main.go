// Command edge is the program's own part on a host. It is sent there by itself, in an image without anything else, and so it is
// small: it imports little, and a test holds it to that.
package main

import (
	"os"
	"time"
)

// lifetime is how long the responder answers at most: an order takes no longer, and whoever started it may be gone.
const lifetime = 60 * time.Second

func main() {
	err := error(usageError{})
	if len(os.Args) == 2 && os.Args[1] == "respond" {
		err = respond(":80", "/challenges", lifetime)
	}
	if err != nil {
		_, _ = os.Stderr.WriteString("edge: " + err.Error() + "\n")
		os.Exit(1)
	}
}

type usageError struct{}

func (usageError) Error() string { return "usage: edge respond" }
