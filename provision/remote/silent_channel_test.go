package remote

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

// muteServer logs one client in and does with the channels that it asks for as serve does.
func muteServer(t *testing.T, serve func(login *ssh.ServerConn, channels <-chan ssh.NewChannel)) (port int) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	server := &ssh.ServerConfig{NoClientAuth: true}
	server.AddHostKey(key)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		login, channels, requests, err := ssh.NewServerConn(conn, server)
		if err != nil {
			return
		}
		go ssh.DiscardRequests(requests)
		serve(login, channels)
		for range channels {
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-served })
	return listener.Addr().(*net.TCPAddr).Port
}

// unanswered leaves every channel as it is.
func unanswered(login *ssh.ServerConn, _ <-chan ssh.NewChannel) { _ = login.Wait() }

// hungUp takes each command and ends its session without having run it.
func hungUp(_ *ssh.ServerConn, channels <-chan ssh.NewChannel) {
	for c := range channels {
		channel, requests, err := c.Accept()
		if err != nil {
			continue
		}
		go func() {
			<-requests
			_ = channel.Close()
			ssh.DiscardRequests(requests)
		}()
	}
}

// A host that ends a command before it begins, and does not say why, is told of in a plain sentence.
func TestCommandThatNeverBegins(t *testing.T) {
	client, err := Dial(t.Context(), Config{Name: "web", Address: "127.0.0.1", Port: muteServer(t, hungUp), User: "u", SSHConfig: "none",
		KnownHosts: filepath.Join(t.TempDir(), "known"), AcceptNewHostKey: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err = client.Run(ctx, Command{Argv: []string{"true"}})
	for _, tag := range language.Tags() {
		if words := language.New(tag).Error(err); provision.CodeOf(err) != "connect.ended-unbegun" || strings.Contains(words, "exit status") || !strings.Contains(words, "sshd") {
			t.Errorf("got %s", words)
		}
	}
}

// A host that lets us in and then never confirms a channel holds nobody up.
func TestChannelThatIsNeverConfirmed(t *testing.T) {
	client, err := Dial(t.Context(), Config{Name: "web", Address: "127.0.0.1", Port: muteServer(t, unanswered), User: "u", SSHConfig: "none",
		KnownHosts: filepath.Join(t.TempDir(), "known"), AcceptNewHostKey: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	client.dialer.channelTimeout = 200 * time.Millisecond
	for name, open := range map[string]func(context.Context) error{
		"command": func(ctx context.Context) error { return client.Run(ctx, Command{Argv: []string{"true"}}) },
		"SFTP":    func(ctx context.Context) error { _, err := client.SFTP(ctx); return err },
		"tunnel":  func(ctx context.Context) error { _, err := client.DialContext(ctx, "tcp", "127.0.0.1:80"); return err },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if err := open(ctx); provision.CodeOf(err) != "remote.channel-silent" || provision.ExitCode(err) != provision.ExitUnreachable {
			t.Errorf("%s: got %v", name, err)
		}
		cancel()
	}
}
