//go:build linux

package main

import (
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	challengePath = "/.well-known/acme-challenge/"

	requestLimit   = 8 << 10 // bytes
	answerLimit    = 4 << 10
	requestTimeout = 5 * time.Second
	mostVisitors   = 64 // at a time
)

// respond answers a CA's challenges from the files of a folder, and nothing else, until its time is over.
func respond(address, folder string, lifetime time.Duration) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	over := time.AfterFunc(lifetime, func() { _ = listener.Close() })
	defer over.Stop()
	return serve(listener, folder)
}

// serve answers until the listener is closed.
func serve(listener net.Listener, folder string) error {
	places := make(chan struct{}, mostVisitors)
	for {
		conn, err := listener.Accept()
		if err != nil {
			if strings.Contains(err.Error(), net.ErrClosed.Error()) {
				return nil
			}
			return err
		}
		places <- struct{}{}
		go func() {
			defer func() { <-places }()
			answer(conn, folder)
		}()
	}
}

// answer reads one request and answers it.
func answer(conn net.Conn, folder string) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(requestTimeout))
	status, body := "404 Not Found", "not found\n"
	switch token, ok := asked(conn); {
	case !ok:
		status, body = "400 Bad Request", "bad request\n"
	case token != "":
		if text, err := read(folder + "/" + token); err == nil {
			status, body = "200 OK", text
		}
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 "+status+"\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: "+
		strconv.Itoa(len(body))+"\r\n\r\n"+body)
}

// asked is the token that a request asks for; empty where it asks for anything else.
func asked(conn io.Reader) (token string, ok bool) {
	var request []byte
	buffer := make([]byte, 1<<10)
	for !strings.Contains(string(request), "\r\n\r\n") {
		n, err := conn.Read(buffer)
		request = append(request, buffer[:n]...)
		if err != nil || len(request) > requestLimit {
			return "", false
		}
	}
	line, _, _ := strings.Cut(string(request), "\r\n")
	words := strings.Split(line, " ")
	if len(words) != 3 || words[0] != "GET" || !strings.HasPrefix(words[2], "HTTP/1.") {
		return "", false
	}
	token, ok = strings.CutPrefix(words[1], challengePath)
	if !ok || strings.Trim(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return "", true
	}
	return token, true
}

func read(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, answerLimit))
	return string(text), err
}
