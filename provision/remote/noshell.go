package remote

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
)

// obstacleTime bounds finding out why a host runs no command.
const obstacleTime = 10 * time.Second

// What a start-up file does that keeps the command from running, as extended regular expressions for a line.
const (
	startsShell = `(^|[;&|({[:blank:]])(exec|newgrp|sg|su|sudo|bash|zsh|fish|ksh|ssh-agent|script)([;&|)[:blank:]]|$)`
	waits       = `(^|[;&|({[:blank:]])(read|select)([;&|)[:blank:]]|$)`
	ends        = `(^|[;&|({[:blank:]])(exit|exec|logout|kill|tmux|screen|byobu)([;&|)[:blank:]]|$)`
)

// noShell is the error of a host that logged us in and then ran nothing. What stands in the way is found out by what the host does
// in further sessions: how it puts it is for the diagnosis to read.
func (l *link) noShell(stdout, stderr []byte, end exit) error {
	said := provision.ForeignError(or(oneLine(string(append(stdout, stderr...))), "-"))
	ctx, cancel := context.WithTimeout(context.Background(), obstacleTime)
	defer cancel()
	nonce := rand.Text()
	atStart, _ := commandLine(script("find_startup.sh").With("c"+nonce, waits), nonce, true)
	within, _ := commandLine(script("find_startup.sh").With("i"+nonce, startsShell), nonce, true)
	answer := l.try(ctx, "LC_ALL=x"+nonce, atStart, within+"\n")
	if place, ran := answer.after("i" + nonce); ran {
		return l.d.fail("connect.startup-shell", or(place, "?"))
	}
	if place, ran := answer.after("c" + nonce); ran {
		return l.d.fail("connect.startup-waits", or(place, "?"))
	}
	if l.try(ctx, "", "true", sftpHello).isSFTP() {
		return l.d.fail("connect.sftp-only")
	}
	if isSFTPOnly(string(said)) {
		return l.d.fail("connect.sftp-only")
	}
	if failure := l.lookBySFTP(ctx, end, said); failure != nil {
		return failure
	}
	if bytes.Contains(answer.err, []byte("x"+nonce)) { // bash complains of a locale that does not exist, before it reads its file
		return l.d.fail("connect.startup-ends", end.status, said, "~/.bashrc")
	}
	if !end.known && len(stdout) == 0 && len(stderr) == 0 {
		return l.d.fail("connect.ended-unbegun")
	}
	return l.d.fail("connect.no-command", end.status, said, l.d.settings.User)
}

// isSFTPOnly recognises sshd's own words for a command where ForceCommand is internal-sftp.
func isSFTPOnly(said string) bool { return strings.Contains(said, "allows sftp connections only") }

// sftpHello is the first packet of an SFTP client.
const sftpHello = "\x00\x00\x00\x05\x01\x00\x00\x00\x03"

// answer is what a session printed.
type answer struct{ out, err []byte }

// after is the line behind one that consists of mark, where there is such a line.
func (a answer) after(mark string) (line string, ok bool) {
	_, rest, ok := strings.Cut(string(a.out), "\n"+mark+"\n")
	line, _, _ = strings.Cut(rest, "\n")
	return oneLine(line), ok
}

// isSFTP reports whether the answer is that of an SFTP server: a packet with its version.
func (a answer) isSFTP() bool { return len(a.out) > 4 && a.out[0] == 0 && a.out[4] == 2 }

// try runs a command line as it is, with input and nothing behind it, and says what came of it in the time that there is.
func (l *link) try(ctx context.Context, environment, line, input string) answer {
	channel, requests, err := l.openSession(ctx)
	if err != nil {
		return answer{}
	}
	defer l.slots.release()
	ctx, cancel := context.WithTimeout(ctx, obstacleTime/3)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = channel.Close() })
	defer stop()
	defer func() { _ = channel.Close() }()
	l.workers.Go(func() { ssh.DiscardRequests(requests) })
	if name, value, ok := strings.Cut(environment, "="); ok {
		_, _ = channel.SendRequest("env", false, ssh.Marshal(struct{ Name, Value string }{name, value}))
	}
	if _, err := channel.SendRequest("exec", false, ssh.Marshal(struct{ Command string }{line})); err != nil {
		return answer{}
	}
	_, _ = io.WriteString(channel, input)
	_ = channel.CloseWrite()
	var a answer
	var reading sync.WaitGroup
	reading.Go(func() { a.out, _ = io.ReadAll(io.LimitReader(channel, noiseLimit)) })
	reading.Go(func() { a.err, _ = io.ReadAll(io.LimitReader(channel.Stderr(), noiseLimit)) })
	reading.Wait()
	return a
}

// lookBySFTP finds a folder without a shell, or a start-up file that ends the shell, where SFTP works though no command does; nil
// where it does not or shows neither.
func (l *link) lookBySFTP(ctx context.Context, end exit, said error) error {
	client, err := l.openSFTP(ctx, false)
	if err != nil {
		return nil
	}
	defer func() { _ = client.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer stop()
	if _, err := client.Stat("/bin/sh"); errors.Is(err, fs.ErrNotExist) {
		return l.d.fail("connect.chroot")
	}
	for _, file := range []string{".bashrc", ".zshenv", ".config/fish/config.fish", ".tcshrc", ".cshrc", "/etc/bash.bashrc", "/etc/bashrc", "/etc/zsh/zshenv"} {
		if place := startupLine(client, file); place != "" {
			return l.d.fail("connect.startup-ends", end.status, said, place)
		}
	}
	return nil
}

var endsShell = regexp.MustCompile(ends)

// startupLine is the first line of a file of the host that ends a shell, as FILE:LINE:TEXT; empty where none does.
func startupLine(client *sftp.Client, file string) string {
	f, err := client.Open(file)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, noiseLimit))
	if err != nil {
		return ""
	}
	if !strings.HasPrefix(file, "/") {
		file = "~/" + file
	}
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "#") && endsShell.MatchString(line) {
			return fmt.Sprintf("%s:%d:%s", file, i+1, oneLine(line))
		}
	}
	return ""
}
