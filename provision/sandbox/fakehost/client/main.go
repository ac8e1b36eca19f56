// Client is the docker command of a fake host: it passes its arguments on to the engine in the test's process and prints what
// that answers. It is a program of its own because a test's takes ten times as long to start.
package main

import (
	"encoding/json"
	"net"
	"os"
)

func main() {
	var answer struct {
		Stdout, Stderr string
		Code           int
	}
	conn, err := net.Dial("unix", os.Getenv("FAKE_DOCKER_SOCKET"))
	if err == nil {
		dir, _ := os.Getwd()
		if err = json.NewEncoder(conn).Encode(map[string]any{"Argv": os.Args, "Dir": dir}); err == nil {
			err = json.NewDecoder(conn).Decode(&answer)
		}
	}
	if err != nil {
		answer.Stderr, answer.Code = "Cannot connect to the Docker daemon: "+err.Error()+"\n", 1
	}
	_, _ = os.Stdout.WriteString(answer.Stdout)
	_, _ = os.Stderr.WriteString(answer.Stderr)
	os.Exit(answer.Code)
}
