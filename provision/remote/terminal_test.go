//go:build host

package remote_test

import (
	"context"
	"net"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision/remote"
)

// oneCommand serves one login. It answers the first command once a second session was opened ahead, so that the client has
// one at hand when it hears of the command's end.
func oneCommand(listener net.Listener, server *ssh.ServerConfig) error {
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	login, channels, requests, err := ssh.NewServerConn(conn, server)
	if err != nil {
		return err
	}
	defer func() { _ = login.Close() }()
	go ssh.DiscardRequests(requests)
	first, commands, err := (<-channels).Accept()
	if err != nil {
		return err
	}
	<-commands
	go ssh.DiscardRequests(commands)
	ahead, more, err := (<-channels).Accept()
	if err != nil {
		return err
	}
	go ssh.DiscardRequests(more)
	_, _ = first.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{1}))
	_ = first.Close()
	_ = login.Wait()
	_ = ahead.Close()
	return nil
}

// keep remembers the connection that is opened.
func keep(conn *net.Conn) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (_ net.Conn, err error) {
		*conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
		return *conn, err
	}
}

// A terminal that is asked for over a session of a link that has died meanwhile is told of as every other loss.
func TestTerminalOverALostLink(t *testing.T) {
	host := signerOf(t, filepath.Join(t.TempDir(), "host"))
	server := &ssh.ServerConfig{NoClientAuth: true}
	server.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer func() { _ = listener.Close() }()
	served := make(chan error, 1)
	go func() { served <- oneCommand(listener, server) }()
	var conn net.Conn
	client, err := dial(t, remote.Config{Name: "web", Address: "127.0.0.1", Port: listener.Addr().(*net.TCPAddr).Port, User: "u", SSHConfig: "none",
		KnownHosts: filepath.Join(t.TempDir(), "known"), AcceptNewHostKey: true, Dialer: keep(&conn)})
	check(t, err)
	if err := client.Run(t.Context(), remote.Command{Script: "true"}); err == nil || remote.IsLost(err) {
		t.Fatalf("got %v", err)
	}
	check(t, conn.Close())
	check(t, <-served)
	_, err = client.Start(t.Context(), remote.Command{Script: "true", Terminal: &remote.Terminal{Kind: "xterm"}})
	wantLost(t, err)
}
