// Package state is the one small folder that provision keeps beside a site on its host: the lock, the history, what each
// kept release was run with, the manifest of what was put there, the jobs that run. What it reads there is data that others
// may have written: bounded, and checked.
package state

import (
	"embed"
	"path"

	"github.com/kehuo/provision/provision/shell"
)

//go:embed *.sh
var files embed.FS

var (
	checkScript   = shell.Load(files, "guard.sh", "check.sh")
	folderScript  = shell.Load(files, "guard.sh", "folder.sh")
	lockScript    = shell.Load(files, "guard.sh", "data.sh", "lock.sh")
	showScript    = shell.Load(files, "data.sh", "show.sh")
	unlockScript  = shell.Load(files, "unlock.sh")
	recordScript  = shell.Load(files, "data.sh", "record.sh")
	historyScript = shell.Load(files, "history.sh")
	saveScript    = shell.Load(files, "save.sh")
	savedScript   = shell.Load(files, "saved.sh")
)

// The exit statuses by which the scripts tell why they went no further.
const (
	heldExit   = 75 // somebody else holds the lock
	lostExit   = 76 // somebody else has taken or removed the lock that was held
	unsafeExit = 77 // other users of the host may change a folder
	oddExit    = 78 // what lies in the lock's place is no lock
)

// Dir is the folder for a site: ".myweb.provision" beside "myweb". It is on the site's own file system, so that a rename
// out of it is atomic, and outside of the site, so that no image is built with it.
func Dir(directory string) string {
	return path.Join(path.Dir(directory), "."+path.Base(directory)+".provision")
}
