package remote

import (
	"net"
	"syscall"
)

// acknowledge has the kernel acknowledge what it received now instead of waiting for something to send with it. The kernel
// falls back to waiting by itself, so it is asked again after each answer.
func acknowledge(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	})
}
