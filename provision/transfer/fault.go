package transfer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// The failures of a host that could not take an upload. In each of them the site's folder is as it was.
const (
	codeDiskFull   = "upload.disk-full"
	codeQuota      = "upload.quota"
	codeReadOnly   = "upload.read-only"
	codeDenied     = "upload.denied"
	codeObstructed = "upload.obstructed" // a stranger's file is where a file of the site has to be
	codeName       = "upload.name"       // the host's file system cannot hold a name
	codeDamaged    = "upload.damaged"    // files arrived otherwise than they were sent
	codeFailed     = "upload.failed"     // for a reason that is not known
)

// faultIn is the failure that the text of a failed command tells of; "" where it is none of those that are known.
func faultIn(text string) string {
	for _, f := range [...]struct{ text, code string }{
		{"No space left on device", codeDiskFull},
		{"Wrote only", codeDiskFull}, // tar, of a write that the disk took a part of
		{"isk quota exceeded", codeQuota},
		{"Read-only file system", codeReadOnly},
		{"Permission denied", codeDenied},
		{"Operation not permitted", codeDenied},
		{"File name too long", codeName},
		{"Invalid or incomplete multibyte", codeName},
		{"Invalid argument", codeName},
		{"irectory not empty", codeObstructed},
		{"cannot overwrite", codeObstructed},
		{"Is a directory", codeObstructed},
		{"Not a directory", codeObstructed},
		{"File exists", codeObstructed},
	} {
		if strings.Contains(text, f.text) {
			return f.code
		}
	}
	return ""
}

// possible refuses what cannot work before anything is sent.
func (d Difference) possible(host string, o ApplyOptions) error {
	l := d.listing
	_, bytes, _, _ := d.Summary()
	mebibytes := func(n int64) float64 { return float64(n) / (1 << 20) }
	switch {
	case l.State == Obstructed:
		return provision.Fail("upload.no-folder", host, o.Directory)
	case l.State == Closed:
		return provision.Fail("upload.closed", host, o.Directory)
	case l.Free >= 0 && bytes > l.Free:
		return provision.Fail("upload.no-room", host, o.Directory, mebibytes(bytes), mebibytes(l.Free))
	}
	return nil
}

// complaintError is a line that a command wrote to its standard error, and that tells of a fault.
type complaintError struct{ line string }

func (c *complaintError) Error() string { return c.line }

// complaints reads the standard error of a command and passes the first line on that tells of a fault: tar goes on after a
// failed write, and the rest of the upload would go to a full disk. Other lines are none of its business: a login shell's
// start-up files may print something, and tar warns of clocks that differ.
func complaints(pass func(*complaintError)) *safetext.Lines {
	return safetext.NewLines(safetext.EachLine(func(line string) {
		if faultIn(line) != "" {
			pass(&complaintError{line})
		}
	}))
}

// sessionError is why there is no SFTP session. It says all there is to say.
type sessionError struct{ error }

func (e *sessionError) Unwrap() error { return e.error }

// sftpError is an error about a file on the host, whose reason SFTP does not tell.
type sftpError struct {
	name string // "" where one is as good as another
	err  error
}

func (e *sftpError) Error() string {
	if e.name == "" {
		return e.err.Error()
	}
	return fmt.Sprintf("%s: %v", e.name, e.err)
}

func (e *sftpError) Unwrap() error { return e.err }

// failed explains why sending failed.
func (u *upload) failed(ctx context.Context, err error) error {
	if provision.CodeOf(err) != "" || errors.As(err, new(*sessionError)) || remote.IsLost(err) || ctx.Err() != nil {
		return err
	}
	text := err.Error()
	var c *complaintError
	var exit *remote.ExitError
	switch {
	case errors.As(err, &c):
		text = c.line
	case errors.As(err, &exit):
		text = exit.Stderr
	}
	line := tellingLine(text)
	return u.fault(ctx, faultIn(line), line, err)
}

// fault makes the failure that a line of the host's tells of; where it tells of none, the host is asked. Where the disk is
// full, what was staged is removed: the running site needs the space more.
func (u *upload) fault(ctx context.Context, code, line string, cause error) error {
	if code == "" {
		reason, err := u.probe(ctx, u.stage)
		if err != nil && remote.IsLost(err) {
			return err
		}
		if code = faultIn(reason); code != "" {
			line = reason
		}
	}
	if code == codeDiskFull || code == codeQuota {
		_ = u.client.Run(ctx, remote.Command{Argv: []string{"rm", "-rf", "--", u.stage}}) // the fault is the news, not this
	}
	return provision.Fail(cmp.Or(code, codeFailed), u.client.Name(), u.Directory, line).From(cause)
}

// probe asks the host why files cannot be written in a folder.
func (u *upload) probe(ctx context.Context, folder string) (string, error) {
	out, err := u.client.Output(ctx, remote.Command{Script: shell.Load(scripts, "probe.sh").With(folder, u.id)})
	return tellingLine(string(out)), err
}

// tellingLine is the line of a command's output that tells what is wrong: the first one that is known, else the last. The
// folder that a probe makes is left out: what is wrong, and can be mended, is the one that it is in.
func tellingLine(text string) string {
	probed := regexp.MustCompile(`/[A-Z2-7]{26}\b`)
	lines := strings.Split(strings.TrimSpace(probed.ReplaceAllString(text, "")), "\n")
	for _, line := range lines {
		if faultIn(line) != "" {
			return safetext.Clean(line)
		}
	}
	return safetext.Clean(lines[len(lines)-1])
}
