package remote

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"net"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision"
)

// muteServer logs one client in and leaves every channel that it asks for unanswered.
func muteServer(t *testing.T) (port int) {
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
		_ = login.Wait()
		for range channels {
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-served })
	return listener.Addr().(*net.TCPAddr).Port
}

// A host that lets us in and then never confirms a channel holds nobody up.
func TestChannelThatIsNeverConfirmed(t *testing.T) {
	client, err := Dial(t.Context(), Config{Name: "web", Address: "127.0.0.1", Port: muteServer(t), User: "u", SSHConfig: "none",
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
