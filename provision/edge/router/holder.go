//go:build linux

package router

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

// HolderSocket is where the holder hands out its sockets, in the folder that holder and routers share.
const HolderSocket = "holder.sock"

// holderVersion is the first byte that either says. A later router asks for a later version, and an older holder answers with its own.
const (
	holderVersion  = 1
	holderPatience = 5 * time.Second
	mostSockets    = 16
)

// Hold binds the addresses, and hands the listening sockets to every router that asks, until it is told to end. Where a router still
// has the sockets of a holder that died, they come back from there: the ports are never free in between.
func Hold(ctx context.Context, folder string, addresses []string, wait time.Duration, say func(string)) error {
	if len(addresses) == 0 || len(addresses) > mostSockets {
		return errors.New("between 1 and 16 addresses can be held")
	}
	sockets, bindError := bind(ctx, addresses)
	if bindError != nil && !errors.Is(bindError, syscall.EADDRINUSE) {
		return bindError
	}
	listener, err := listenUnix(folder + "/" + HolderSocket)
	if err != nil {
		closeAll(sockets)
		return err
	}
	h := &holder{addresses: addresses, sockets: sockets, held: make(chan struct{})}
	defer h.close()
	if bindError == nil {
		say("holding " + strings.Join(addresses, " "))
		close(h.held)
	}
	told := ctx
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var handlers sync.WaitGroup
	handlers.Go(func() {
		select {
		case <-h.held:
			if bindError != nil {
				say("took " + strings.Join(addresses, " ") + " back from a router")
			}
		case <-time.After(wait):
			stop(bindError)
		case <-ctx.Done():
		}
	})
	defer handlers.Wait()
	defer context.AfterFunc(ctx, func() { _ = listener.Close() })()
	for {
		conn, err := listener.AcceptUnix()
		if err != nil {
			if ctx.Err() == nil {
				stop(err)
			}
			break
		}
		handlers.Go(func() { h.hand(ctx, conn) })
	}
	if told.Err() != nil {
		return nil
	}
	return context.Cause(ctx)
}

// bind listens on every address, or on none. The queue of each is as long as the system allows: Go asks the system for that.
func bind(ctx context.Context, addresses []string) (sockets []int, err error) {
	for _, address := range addresses {
		var config net.ListenConfig
		listener, err := config.Listen(ctx, "tcp", address)
		if err != nil {
			closeAll(sockets)
			return nil, err
		}
		socket, err := descriptor(listener.(*net.TCPListener))
		_ = listener.Close()
		if err != nil {
			closeAll(sockets)
			return nil, err
		}
		sockets = append(sockets, socket)
	}
	return sockets, nil
}

type holder struct {
	addresses []string
	held      chan struct{} // closed once there are sockets

	mu      sync.Mutex
	sockets []int
}

func (h *holder) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	closeAll(h.sockets)
}

// hand gives a router the sockets. A router that has them already offers its own, for a holder that has none.
func (h *holder) hand(ctx context.Context, conn *net.UnixConn) {
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if !isRoot(conn) {
		return
	}
	_ = conn.SetDeadline(time.Now().Add(holderPatience))
	offered, _, err := receive(conn)
	if err != nil {
		return
	}
	h.adopt(offered)
	select {
	case <-h.held:
	case <-time.After(holderPatience):
		return
	case <-ctx.Done():
		return
	}
	h.mu.Lock()
	err = send(conn, h.sockets, strings.Join(h.addresses, "\n"))
	h.mu.Unlock()
	if err != nil {
		return
	}
	// The router learns by the end of this connection that the holder has gone.
	_ = conn.SetDeadline(time.Time{})
	_, _ = conn.Read(make([]byte, 1))
}

// adopt keeps what a router offers, if there is nothing yet.
func (h *holder) adopt(offered []int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.sockets) > 0 || len(offered) != len(h.addresses) {
		closeAll(offered)
		return
	}
	h.sockets = offered
	close(h.held)
}

// take asks the holder for its sockets; has are those that are here already. The connection ends with the holder.
func take(ctx context.Context, folder string, has []int) (*net.UnixConn, []int, error) {
	var dialer net.Dialer
	link, err := dialer.DialContext(ctx, "unix", folder+"/"+HolderSocket)
	if err != nil {
		return nil, nil, err
	}
	conn := link.(*net.UnixConn)
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	_ = conn.SetDeadline(time.Now().Add(2 * holderPatience))
	var sockets []int
	switch {
	case !isRoot(conn):
		err = errors.New("the holder is not root")
	default:
		if err = send(conn, has, ""); err == nil {
			sockets, _, err = receive(conn)
		}
	}
	if err == nil && len(sockets) == 0 {
		err = errors.New("the holder has no sockets")
	}
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	return conn, sockets, nil
}

// send says the version, a text, and hands sockets over with it.
func send(conn *net.UnixConn, sockets []int, text string) error {
	var rights []byte
	if len(sockets) > 0 {
		rights = syscall.UnixRights(sockets...)
	}
	_, _, err := conn.WriteMsgUnix(append([]byte{holderVersion}, text...), rights, nil)
	return err
}

// receive is the other side of send.
func receive(conn *net.UnixConn) (sockets []int, text string, err error) {
	said, rights := make([]byte, 4<<10), make([]byte, syscall.CmsgSpace(4*mostSockets))
	n, m, flags, _, err := conn.ReadMsgUnix(said, rights)
	if err != nil {
		return nil, "", err
	}
	messages, err := syscall.ParseSocketControlMessage(rights[:m])
	if err != nil {
		return nil, "", err
	}
	for _, message := range messages {
		numbers, err := syscall.ParseUnixRights(&message)
		if err != nil {
			continue
		}
		sockets = append(sockets, numbers...)
	}
	if n == 0 || said[0] < holderVersion || flags&syscall.MSG_CTRUNC != 0 {
		closeAll(sockets)
		return nil, "", errors.New("what was said about sockets is not understood")
	}
	return sockets, string(said[1:n]), nil
}

// isRoot reports whether who speaks at the other end is root.
func isRoot(conn *net.UnixConn) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	var peer *syscall.Ucred
	if controlError := raw.Control(func(fd uintptr) {
		peer, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); controlError != nil {
		return false
	}
	return err == nil && peer.Uid == 0
}

// listenUnix listens at a path where a process that died may have listened before.
func listenUnix(path string) (*net.UnixListener, error) {
	if !strings.HasPrefix(path, "@") {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
}

// descriptor is another one for a listener's socket. It stays out of Go's poller: the holder never wakes for a visitor.
func descriptor(listener *net.TCPListener) (socket int, err error) {
	raw, err := listener.SyscallConn()
	if err != nil {
		return 0, err
	}
	controlError := raw.Control(func(fd uintptr) {
		syscall.ForkLock.RLock()
		defer syscall.ForkLock.RUnlock()
		if socket, err = syscall.Dup(int(fd)); err == nil {
			syscall.CloseOnExec(socket)
		}
	})
	if err == nil {
		err = controlError
	}
	return socket, err
}

func closeAll(sockets []int) {
	for _, s := range sockets {
		_ = syscall.Close(s)
	}
}
