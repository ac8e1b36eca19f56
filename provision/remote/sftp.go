package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// openSFTP opens an SFTP session in three round trips: the channel, the subsystem (sshd takes no input before it runs), and
// the version. The subsystem request asks for no answer of its own.
func (l *link) openSFTP(ctx context.Context, o ...sftp.ClientOption) (*sftp.Client, error) {
	channel, requests, err := l.openSession(ctx)
	if err != nil {
		return nil, l.openFailed(ctx, err)
	}
	ended := make(chan struct{})
	l.workers.Go(func() {
		defer close(ended)
		defer l.slots.release()
		ssh.DiscardRequests(requests)
	})
	complaint := newTail(stderrKept)
	l.workers.Go(func() { _ = drain(complaint, channel.Stderr()) })
	stop := context.AfterFunc(ctx, func() { _ = channel.Close() })
	defer stop()
	timer := time.AfterFunc(l.d.timeout(), func() { _ = channel.Close() })
	defer timer.Stop()
	payload := ssh.Marshal(struct{ Subsystem string }{"sftp"})
	if _, err = channel.SendRequest("subsystem", false, payload); err == nil {
		var client *sftp.Client
		if client, err = sftp.NewClientPipe(channel, sftpInput{channel}, o...); err == nil {
			return client, nil
		}
	}
	_ = channel.Close()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case !l.settled():
		return nil, l.lost()
	}
	<-ended
	if said := oneLine(complaint.Bytes()); said != "" {
		err = errors.New(said)
	}
	return nil, fmt.Errorf("%s: the host offers no SFTP (%w); add the line \"Subsystem sftp internal-sftp\" to its sshd_config",
		l.d.config.Name, err)
}

// sftpInput closes the whole channel, so that the session is given back.
type sftpInput struct{ ssh.Channel }

func (s sftpInput) Close() error {
	if err := s.Channel.CloseWrite(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := s.Channel.Close(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}
