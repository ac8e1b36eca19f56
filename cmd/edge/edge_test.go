//go:build linux

package main

import (
	"go/parser"
	"go/token"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the program imports travels to every host.
func TestTheProgramStaysSmall(t *testing.T) {
	allowed := []string{"bytes", "errors", "io", "net", "net/netip", "os", "path/filepath", "slices", "strconv", "strings", "sync", "sync/atomic", "time",
		"context", "iter", "cmp",
		"encoding/binary", // the header of the PROXY protocol
		"encoding/json",   // what is said to a router; 0.9 MB, with fmt and reflect
		"os/signal", "syscall",
		"github.com/kehuo/provision/provision/edge/route", "github.com/kehuo/provision/provision/edge/router",
	}
	var files []string
	for _, folder := range []string{".", "../../provision/edge/route", "../../provision/edge/router"} {
		inside, err := filepath.Glob(folder + "/*.go")
		if err != nil || len(inside) == 0 {
			t.Fatal(folder, inside, err)
		}
		files = append(files, inside...)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			if path, _ := strconv.Unquote(i.Path.Value); !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}

func TestTheResponderAnswersChallengesAlone(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"to-Ken_1": "the answer", "secret.txt": "no"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- serve(listener, folder) }()
	for request, want := range map[string]string{
		"GET /.well-known/acme-challenge/to-Ken_1 HTTP/1.1\r\nHost: a\r\n\r\n": "200 OK the answer",
		"GET /.well-known/acme-challenge/other HTTP/1.1\r\n\r\n":               "404 Not Found not found\n",
		"GET /.well-known/acme-challenge/secret.txt HTTP/1.1\r\n\r\n":          "404 Not Found not found\n",
		"GET /.well-known/acme-challenge/../secret HTTP/1.1\r\n\r\n":           "404 Not Found not found\n",
		"GET /.well-known/acme-challenge/ HTTP/1.1\r\n\r\n":                    "404 Not Found not found\n",
		"GET / HTTP/1.1\r\n\r\n":                                               "404 Not Found not found\n",
		"POST / HTTP/1.1\r\n\r\n":                                              "400 Bad Request bad request\n",
		"GET /" + strings.Repeat("a", requestLimit) + " HTTP/1.1\r\n":          "400 Bad Request bad request\n",
	} {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, request)
		got, _ := io.ReadAll(conn)
		_ = conn.Close()
		head, body, _ := strings.Cut(string(got), "\r\n\r\n")
		status, _, _ := strings.Cut(head, "\r\n")
		if text := strings.TrimPrefix(status, "HTTP/1.1 ") + " " + body; len(got) > 0 && text != want {
			t.Errorf("%.60q is answered %q, want %q", request, text, want)
		}
	}
	_ = listener.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
