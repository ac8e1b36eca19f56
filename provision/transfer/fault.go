package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// Fault is why a host could not take an upload.
type Fault string

// The faults. In each of them the site's folder is as it was.
const (
	FaultDiskFull   Fault = "disk-full"
	FaultQuota      Fault = "quota"
	FaultReadOnly   Fault = "read-only"
	FaultDenied     Fault = "permission-denied"
	FaultObstructed Fault = "obstructed" // a stranger's file is where a file of the site has to be
	FaultName       Fault = "name"       // the host's file system cannot hold a name
	FaultDamaged    Fault = "damaged"    // files arrived otherwise than they were sent
	FaultOther      Fault = "other"
)

// FaultError says why a host could not take an upload, and what to do.
type FaultError struct {
	Host   string
	Fault  Fault
	Folder string // on the host
	Detail string // what the host said, safe to print
}

func (e *FaultError) Error() string {
	reasons := map[Fault][2]string{
		FaultDiskFull:   {"its disk is full", "free space there (docker system df shows what Docker holds) and run again"},
		FaultQuota:      {"the user's disk quota is used up", "remove files of that user or have the quota raised, and run again"},
		FaultReadOnly:   {"the file system is read-only", "look for disk errors with dmesg there, remount it writable, and run again"},
		FaultDenied:     {"the user may not write there", "give the folder to the user (sudo chown -R USER FOLDER) and run again"},
		FaultObstructed: {"something that provision did not put there is in the way", "move it elsewhere and run again"},
		FaultName:       {"its file system cannot hold a name", "rename the file in the site's source and run again"},
		FaultDamaged:    {"files arrive there otherwise than they were sent", "look for disk errors with dmesg there and run again"},
	}
	r, ok := reasons[e.Fault]
	if !ok {
		r = [2]string{"a command failed there", "run again with --verbose to see all of its output"}
	}
	detail := ""
	if e.Detail != "" {
		detail = " (" + e.Detail + ")"
	}
	return fmt.Sprintf("%s: cannot update %s: %s%s; %s; the site's files there are as they were", e.Host, e.Folder, r[0], detail, r[1])
}

// faultOf finds out what kind of fault the text of a failed command means.
func faultOf(text string) Fault {
	for _, f := range []struct {
		text  string
		fault Fault
	}{
		{"No space left on device", FaultDiskFull},
		{"Wrote only", FaultDiskFull}, // tar, of a write that the disk took a part of
		{"isk quota exceeded", FaultQuota},
		{"Read-only file system", FaultReadOnly},
		{"Permission denied", FaultDenied},
		{"Operation not permitted", FaultDenied},
		{"File name too long", FaultName},
		{"Invalid or incomplete multibyte", FaultName},
		{"Invalid argument", FaultName},
		{"irectory not empty", FaultObstructed},
		{"cannot overwrite", FaultObstructed},
		{"Is a directory", FaultObstructed},
		{"Not a directory", FaultObstructed},
		{"File exists", FaultObstructed},
	} {
		if strings.Contains(text, f.text) {
			return f.fault
		}
	}
	return FaultOther
}

// possible refuses what cannot work before anything is sent.
func (d Difference) possible(host string, o ApplyOptions) error {
	l := d.listing
	fault := func(f Fault, detail string) error {
		return &FaultError{Host: host, Fault: f, Folder: o.Directory, Detail: detail}
	}
	_, bytes, _, _ := d.Summary()
	switch {
	case l.State == Obstructed:
		return fault(FaultObstructed, "it is no folder")
	case l.State == Closed:
		return fault(FaultDenied, "it may not be entered")
	case l.Free >= 0 && bytes > l.Free:
		return fault(FaultDiskFull, fmt.Sprintf("%s needed, %s free", size(bytes), size(l.Free)))
	}
	return nil
}

// size is a number of bytes for people.
func size(n int64) string {
	const step = 1024
	value, units := float64(n), []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	for value >= step && len(units) > 1 {
		value, units = value/step, units[1:]
	}
	if units[0] == "bytes" {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f %s", value, units[0])
}

func (l *Listing) lacks(tool string) bool {
	for _, t := range l.Lacks {
		if t == tool {
			return true
		}
	}
	return false
}

// complaint is a line that a command wrote to its standard error, and that tells of a fault.
type complaint struct{ line string }

func (c *complaint) Error() string { return c.line }

// faults reads the standard error of a command and passes the first line on that tells of a fault: tar goes on after a
// failed write, and the rest of the upload would go to a full disk. Other lines are none of its business: a login shell's
// start-up files may print something, and tar warns of clocks that differ.
func faults(heard func(*complaint)) *safetext.Lines {
	return safetext.NewLines(safetext.EachLine(func(line string) {
		if faultOf(line) != FaultOther {
			heard(&complaint{line})
		}
	}))
}

// failed explains why sending failed.
func (u *upload) failed(ctx context.Context, err error) error {
	var changed *ChangedError
	if errors.As(err, &changed) || errors.As(err, new(*sessionError)) || lost(err) || ctx.Err() != nil {
		return err
	}
	text := err.Error()
	var said *complaint
	var exit *remote.ExitError
	switch {
	case errors.As(err, &said):
		text = said.line
	case errors.As(err, &exit):
		text = telling(exit.Stderr)
	}
	return u.fault(ctx, faultOf(text), text)
}

func lost(err error) bool {
	var lost *remote.LostError
	return errors.As(err, &lost)
}

// fault makes the error of a fault; where its kind is not known, the host is asked. Where the disk is full, what was
// staged is removed: the running site needs the space more.
func (u *upload) fault(ctx context.Context, f Fault, detail string) error {
	if f == FaultOther {
		reason, err := u.probe(ctx)
		if err != nil && lost(err) {
			return err
		}
		if f = faultOf(reason); f != FaultOther {
			detail = reason
		}
	}
	if f == FaultDiskFull || f == FaultQuota {
		_ = u.client.Run(ctx, remote.Command{Argv: []string{"rm", "-rf", "--", u.stage}}) // the fault is the news, not this
	}
	return &FaultError{Host: u.client.Name(), Fault: f, Folder: u.Directory, Detail: detail}
}

// probe asks the host why files cannot be written: SFTP has one code for a full disk, a quota and all the rest.
func (u *upload) probe(ctx context.Context) (string, error) {
	script := "umask 077; mkdir -p -- " + quote(u.stage) + " 2>&1 && cd -- " + quote(u.stage) + " 2>&1 && dd if=/dev/zero of=.probe bs=1024k count=1 2>&1; rm -f .probe"
	out, err := u.client.Output(ctx, remote.Command{Script: shell.Text(script)})
	return telling(string(out)), err
}

// stageName is the name of a folder that an upload makes within one of the site's: what is wrong, and can be mended, is that one.
var stageName = regexp.MustCompile(`/[A-Z2-7]{26}\b`)

// telling is the line of a command's output that tells what is wrong: the first one that is known, else the last.
func telling(text string) string {
	lines := strings.Split(strings.TrimSpace(stageName.ReplaceAllString(text, "")), "\n")
	for _, line := range lines {
		if faultOf(line) != FaultOther {
			return safetext.Clean(line)
		}
	}
	return safetext.Clean(lines[len(lines)-1])
}

// errNoBox says that the session that commits ended before it had made room for a bundle; what it printed tells why.
var errNoBox = errors.New("the host made no room for the bundle")

func isClosedPipe(err error) bool { return errors.Is(err, io.ErrClosedPipe) }

// damagedError says that files arrived otherwise than they were sent.
type damagedError struct {
	paths  []string
	staged map[string]HostEntry
}

func (e *damagedError) Error() string {
	if len(e.paths) == 0 {
		return "more is staged than was sent"
	}
	return fmt.Sprintf("%s and %d more", e.paths[0], len(e.paths)-1)
}
