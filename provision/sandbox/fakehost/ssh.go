package fakehost

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/kehuo/provision/provision/docker"
)

// executor has a command line run, with the script that came on standard input, and returns its status.
type executor func(channel ssh.Channel, line, script string) uint32

func (h *Host) serveSSH(conn net.Conn, exec executor) {
	server, channels, requests, err := ssh.NewServerConn(conn, h.config)
	if err != nil {
		return
	}
	var serving sync.WaitGroup
	defer serving.Wait()
	defer func() { _ = server.Close() }()
	serving.Go(func() {
		for r := range requests {
			_ = r.Reply(false, nil)
		}
	})
	for c := range channels {
		serving.Go(func() {
			switch c.ChannelType() {
			case "session":
				h.session(c, exec)
			case "direct-tcpip":
				h.forward(c)
			case "direct-streamlocal@openssh.com":
				if h.NoSockets {
					_ = c.Reject(ssh.Prohibited, "administratively prohibited")
				} else if channel, ok := accepted(c); ok {
					h.engine.push(channelConn{channel})
				}
			default:
				_ = c.Reject(ssh.UnknownChannelType, "unknown channel type")
			}
		})
	}
}

func accepted(c ssh.NewChannel) (ssh.Channel, bool) {
	channel, requests, err := c.Accept()
	if err != nil {
		return nil, false
	}
	go ssh.DiscardRequests(requests)
	return channel, true
}

// forward connects to a port of the host, or of a container.
func (h *Host) forward(c ssh.NewChannel) {
	var to struct {
		Host   string
		Port   uint32
		Origin string
		From   uint32
	}
	serve := func(net.Conn) {}
	if ssh.Unmarshal(c.ExtraData(), &to) == nil {
		if serve = h.Docker.at(to.Host, int(to.Port)); strings.HasPrefix(to.Host, "127.") {
			serve = h.Docker.onHost(int(to.Port))
		}
	}
	if serve == nil {
		_ = c.Reject(ssh.ConnectionFailed, "Connection refused")
		return
	}
	if channel, ok := accepted(c); ok {
		serve(channelConn{channel})
		_ = channel.Close()
	}
}

// session runs the one command, or the SFTP server, that a session is for.
func (h *Host) session(c ssh.NewChannel, exec executor) {
	channel, requests, err := c.Accept()
	if err != nil {
		return
	}
	defer func() { _ = channel.Close() }()
	for r := range requests {
		var asked struct{ Text string }
		switch r.Type {
		case "exec", "subsystem":
			_ = ssh.Unmarshal(r.Payload, &asked)
			if r.WantReply {
				_ = r.Reply(true, nil)
			}
			go ssh.DiscardRequests(requests)
			if r.Type == "subsystem" {
				_ = sftp.NewRequestServer(channel, sftp.Handlers{FileGet: noSFTP{}, FilePut: disk{h}, FileCmd: noSFTP{}, FileList: noSFTP{}}).Serve()
				return
			}
			status := struct{ Status uint32 }{255}
			if script, err := scriptOf(channel, asked.Text); err == nil {
				status.Status = exec(channel, asked.Text, script)
			}
			_ = channel.CloseWrite()
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(status))
			return
		default:
			if r.WantReply {
				_ = r.Reply(r.Type == "env", nil)
			}
		}
	}
}

// scriptOf reads the script of a command line that has it on standard input.
func scriptOf(channel ssh.Channel, line string) (string, error) {
	long := longScript.FindStringSubmatch(line)
	if long == nil {
		return "", nil
	}
	n, _ := strconv.Atoi(long[1])
	text := make([]byte, n)
	_, err := io.ReadFull(channel, text)
	return string(text), err
}

// exec has a login shell run a command line.
func (h *Host) exec(channel ssh.Channel, line, script string) uint32 {
	if long := longScript.FindStringSubmatchIndex(line); long != nil {
		script = h.onDisk(script)
		line = line[:long[2]] + strconv.Itoa(len(script)) + line[long[3]:]
	}
	line = h.onDisk(line)
	cmd := exec.Command("/bin/sh", "-c", line)
	cmd.Dir = h.Path(Home)
	cmd.Env = []string{"HOME=" + h.Path(Home), "USER=kevin", "TMPDIR=" + h.Path("/tmp"), "XDG_RUNTIME_DIR=" + h.Path("/run/user/1000"),
		"FAKE_DOCKER_SOCKET=" + h.Path(docker.Socket),
		"PATH=" + h.Path("/bin") + ":/usr/local/bin:/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, errs := &neutralWriter{w: channel, home: h.home}, &neutralWriter{w: channel.Stderr(), home: h.home}
	cmd.Stdout, cmd.Stderr = out, errs
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 255
	}
	if err := cmd.Start(); err != nil {
		return 255
	}
	h.mu.Lock()
	h.sessions = append(h.sessions, cmd.Process.Pid)
	h.mu.Unlock()
	go func() { // until the client hangs up
		_, _ = io.Copy(stdin, io.MultiReader(strings.NewReader(script), channel))
		_ = stdin.Close()
	}()
	err = cmd.Wait()
	out.flush()
	errs.flush()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return uint32(exit.ExitCode())
	}
	return 255
}

// longScript is the end of a command line whose script comes on standard input: its length, and the nonce that it ends with.
var longScript = regexp.MustCompile(` /bin/sh ([0-9]+) [A-Z2-7]{26}$`)

// onDisk is text in which the host's own paths lead to the folder that stands for its disk.
func (h *Host) onDisk(text string) string {
	for _, path := range []string{Home, docker.Socket} {
		text = strings.ReplaceAll(text, path, h.Path(path))
	}
	return text
}

// neutralWriter writes Home for the folder that stands for it.
type neutralWriter struct {
	w    io.Writer
	home string
	held []byte // may be the beginning of its name
}

func (n *neutralWriter) Write(p []byte) (int, error) {
	text := bytes.ReplaceAll(append(n.held, p...), []byte(n.home), []byte(Home))
	keep := min(len(n.home)-1, len(text))
	for !strings.HasPrefix(n.home, string(text[len(text)-keep:])) {
		keep--
	}
	n.held = bytes.Clone(text[len(text)-keep:])
	_, err := n.w.Write(text[:len(text)-keep])
	return len(p), err
}

func (n *neutralWriter) flush() { _, _ = n.w.Write(n.held) }

// disk takes files over SFTP.
type disk struct{ *Host }

func (d disk) Filewrite(r *sftp.Request) (io.WriterAt, error) {
	flags := os.O_WRONLY
	if r.Pflags().Creat {
		flags |= os.O_CREATE
	}
	return os.OpenFile(d.Path(r.Filepath), flags, 0o600)
}

// noSFTP is what nobody has needed yet.
type noSFTP struct{}

func (noSFTP) Fileread(*sftp.Request) (io.ReaderAt, error)   { return nil, sftp.ErrSSHFxOpUnsupported }
func (noSFTP) Filecmd(*sftp.Request) error                   { return sftp.ErrSSHFxOpUnsupported }
func (noSFTP) Filelist(*sftp.Request) (sftp.ListerAt, error) { return nil, sftp.ErrSSHFxOpUnsupported }

// channelConn is a channel as a connection; it has no deadlines.
type channelConn struct{ ssh.Channel }

func (channelConn) LocalAddr() net.Addr              { return &net.UnixAddr{} }
func (channelConn) RemoteAddr() net.Addr             { return &net.UnixAddr{} }
func (channelConn) SetDeadline(time.Time) error      { return nil }
func (channelConn) SetReadDeadline(time.Time) error  { return nil }
func (channelConn) SetWriteDeadline(time.Time) error { return nil }

// chanListener accepts what is pushed.
type chanListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newChanListener() *chanListener {
	return &chanListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *chanListener) push(conn net.Conn) {
	select {
	case l.conns <- conn:
	case <-l.closed:
		_ = conn.Close()
	}
}

func (l *chanListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *chanListener) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *chanListener) Addr() net.Addr { return &net.UnixAddr{} }
