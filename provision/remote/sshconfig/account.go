package sshconfig

import (
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// account is who runs the program, as far as this machine knows it: a container may run it under a number that has neither a name
// nor a home.
type account struct {
	name, uid string
	homes     []string // where ~ may lead: as the user database has it, which is all that OpenSSH looks at, then $HOME
}

func localAccount() account {
	a := account{name: os.Getenv("USER"), uid: strconv.Itoa(os.Getuid())}
	home := ""
	if u, err := user.Current(); err == nil {
		a.name, a.uid, home = u.Username, u.Uid, u.HomeDir
	}
	variable, _ := os.UserHomeDir()
	for _, dir := range []string{home, variable} {
		if filepath.IsAbs(dir) && !slices.Contains(a.homes, filepath.Clean(dir)) {
			a.homes = append(a.homes, filepath.Clean(dir))
		}
	}
	return a
}

// home is the value of %d.
func (a account) home() string {
	if len(a.homes) == 0 {
		return ""
	}
	return a.homes[0]
}

// config is the person's configuration file; "" where there is no home. $HOME's counts where OpenSSH would read none.
func (a account) config() string {
	paths := a.tilde("~/.ssh/config")
	if len(paths) == 0 {
		return ""
	}
	return paths[0]
}

// tilde puts the home directory in the place of a leading tilde. Where two homes are known these are the paths at which there is
// something, else the first; none where there is no home.
func (a account) tilde(path string) []string {
	if len(a.homes) > 1 { // ssh -G has put the home that OpenSSH knows in place of some tildes
		if rest, ok := strings.CutPrefix(path, a.home()+"/.ssh/"); ok {
			path = "~/.ssh/" + rest
		}
	}
	rest, ok := strings.CutPrefix(path, "~")
	if !ok {
		return []string{path}
	}
	name, rest, _ := strings.Cut(rest, "/")
	homes := a.homes
	if name != "" {
		u, err := user.Lookup(name)
		if err != nil {
			return []string{path}
		}
		homes = []string{u.HomeDir}
	}
	var paths []string
	for _, home := range homes {
		paths = append(paths, filepath.Join(home, rest))
	}
	if present := slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return !exists(p) }); len(present) > 0 {
		return present
	}
	return paths[:min(len(paths), 1)]
}

// ownFirst puts the known_hosts of $HOME before that of another home: new keys go to the first, and who sets HOME wants nothing
// written elsewhere.
func (a account) ownFirst(files []string) []string {
	if len(a.homes) < 2 {
		return files
	}
	usual := func(home string) string { return filepath.Join(home, ".ssh", "known_hosts") }
	own := usual(a.homes[len(a.homes)-1])
	if !slices.Contains(files, own) && !slices.Contains(files, usual(a.home())) {
		return files
	}
	return append([]string{own}, slices.DeleteFunc(files, func(f string) bool { return f == own })...)
}

// exists reports whether there is something at one of the paths.
func exists(paths ...string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	})
}
