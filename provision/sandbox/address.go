package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
	"time"
)

// freeAddress returns the lowest 127.0.10.N that no sandbox host has, running
// or not, and whose ports nothing on this machine listens at.
func freeAddress(ctx context.Context, taken map[string]bool, ports []int) (string, error) {
	for n := 1; n <= 254; n++ {
		address := fmt.Sprintf("127.0.10.%d", n)
		if taken[address] {
			continue
		}
		free := true
		for _, port := range ports {
			if free = portFree(ctx, address, port); !free {
				break
			}
		}
		if free {
			return address, nil
		}
		if err := ctx.Err(); err != nil {
			return "", fmt.Errorf("stopped looking for a free address: %w", context.Cause(ctx))
		}
	}
	return "", errors.New("no address of 127.0.10.1 to 127.0.10.254 is free for another sandbox host: run provision sandbox down for those no longer needed")
}

// portFree tries to listen where the host would. Who may not listen at a port
// below 1024 knocks instead.
func portFree(ctx context.Context, address string, port int) bool {
	at := net.JoinHostPort(address, strconv.Itoa(port))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp4", at)
	if err == nil {
		return listener.Close() == nil
	}
	if !errors.Is(err, os.ErrPermission) && !errors.Is(err, syscall.EACCES) {
		return false
	}
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp4", at)
	if err != nil {
		return errors.Is(err, syscall.ECONNREFUSED)
	}
	_ = conn.Close()
	return false
}
