package state

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

// Folder is a folder on the way to the site's that other users of the host may change: whoever may do that has the power of the
// user who deploys, which is root's by way of Docker.
type Folder struct {
	Path  string
	Owner int    // uid
	Mode  string // as ls -l prints it
}

// CheckFolders lists the folders on the way to the site's and the state folder that others may change, for [ParseFolders].
func CheckFolders(directory string) shell.Text { return checkScript.With(directory, Dir(directory)) }

// ParseFolders reads what CheckFolders printed.
func ParseFolders(text string) ([]Folder, error) {
	_, folders, err := parseFolders(text)
	return folders, err
}

// foldersLimit is how much is read of an answer about folders, in bytes.
const foldersLimit = 64 << 10

func parseFolders(text string) (uid int, folders []Folder, err error) {
	if strings.TrimSpace(text) == "" {
		return 0, nil, nil
	}
	lines := strings.Split(strings.TrimRight(text[:min(len(text), foldersLimit)], "\n"), "\n")
	if uid, err = strconv.Atoi(lines[0]); err != nil || len(lines) == 1 {
		return 0, nil, fmt.Errorf("the owners of folders cannot be read: %.80q", text)
	}
	for _, line := range lines[1:] {
		f := folder(line)
		if !slices.Contains(folders, f) { // the two share the folders above them
			folders = append(folders, f)
		}
	}
	return uid, folders, nil
}

// folder reads a line of ls -ldn. One that cannot be read stands for a folder all the same.
func folder(line string) Folder {
	rest := line
	var fields [8]string // mode, links, owner, group, size, and three of the date
	for i := range fields {
		fields[i], rest, _ = strings.Cut(strings.TrimLeft(rest, " "), " ")
	}
	owner, err := strconv.Atoi(fields[2])
	if err != nil || rest == "" || safetext.Clean(fields[0]) != fields[0] {
		return Folder{Path: safetext.Clean(line), Owner: -1, Mode: "?"}
	}
	if fields[0][0] == 'l' {
		rest, _, _ = strings.Cut(rest, " -> ")
	}
	return Folder{Path: safetext.Clean(rest), Owner: owner, Mode: safetext.Clean(fields[0])}
}

// Failure is why nothing is put into such a folder, for the user who is logged in. Its values are the folder's path, the host, the
// owner's id, the mode, and a command that mends it.
func (f Folder) Failure(host, user string, uid int) *provision.Failure {
	return provision.Fail("directory.unsafe", f.Path, host, f.Owner, f.Mode, f.remedy(user, uid))
}

func (f Folder) remedy(user string, uid int) string {
	var commands []string
	if f.Owner != 0 && f.Owner != uid {
		commands = append(commands, "sudo "+shell.Quote("chown", "-h", user, f.Path))
	}
	if !strings.HasPrefix(f.Mode, "l") && strings.ContainsAny(f.Mode[min(len(f.Mode), 5):], "w") {
		sudo := ""
		if f.Owner != uid {
			sudo = "sudo "
		}
		commands = append(commands, sudo+shell.Quote("chmod", "go-w", f.Path))
	}
	return strings.Join(commands, " && ")
}

// MakeFolder makes the site's folder and those above it. It is an error where others may change one of them, see [MadeFolder].
func MakeFolder(directory string) shell.Text { return folderScript.With(directory) }

// MadeFolder is the error of MakeFolder's command, which printed out and ended with err.
func MadeFolder(host, user string, out []byte, err error) error {
	var exit *remote.ExitError
	if errors.As(err, &exit) && exit.Code == unsafeExit {
		return refused(host, user, string(out), err)
	}
	return err
}

// refused is the error of a script that met folders which others may change, and printed them.
func refused(host, user, text string, err error) error {
	uid, folders, wrong := parseFolders(text)
	if wrong != nil || len(folders) == 0 {
		return errors.Join(err, wrong)
	}
	return folders[0].Failure(host, user, uid)
}
