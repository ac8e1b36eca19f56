// Package state is the one small folder that provision keeps beside a site on its host: the lock, the history, what each
// kept release was run with, the manifest of what was put there, the jobs that run. It gives the commands as scripts and
// reads what they print; whoever has the host runs them.
package state

import (
	"path"
)

// Dir is the folder for a site: ".myweb.provision" beside "myweb". It is on the site's own file system, so that a rename
// out of it is atomic, and outside of the site, so that no image is built with it.
func Dir(directory string) string {
	return path.Join(path.Dir(directory), "."+path.Base(directory)+".provision")
}
