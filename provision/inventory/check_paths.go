package inventory

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path"
	"path/filepath"
	"strings"
	"unicode"
)

// CheckDirectory accepts a folder on the host that can be the site's alone: absolute, clean, and neither a folder of the
// system nor somebody's home.
func CheckDirectory(dir string) error {
	switch {
	case dir == "":
		return invalid("inventory.directory-empty")
	case strings.HasPrefix(dir, "~"):
		return invalid("inventory.directory-home", dir)
	case strings.ContainsRune(dir, '$'):
		return invalid("inventory.directory-variable", dir)
	case strings.ContainsRune(dir, '\\'):
		return invalid("inventory.directory-backslash", dir)
	case !path.IsAbs(dir):
		return invalid("inventory.directory-relative", dir)
	case strings.ContainsFunc(dir, unicode.IsControl):
		return invalid("inventory.directory-control", dir)
	case strings.Contains(dir, "/../") || strings.HasSuffix(dir, "/.."):
		return invalid("inventory.directory-up", dir, path.Clean(dir))
	case path.Clean(dir) != dir:
		return invalid("inventory.directory-plain", dir, path.Clean(dir))
	case systemFolder(dir):
		return invalid("inventory.directory-system", dir)
	case path.Dir(dir) == "/home":
		return invalid("inventory.directory-user", dir, dir)
	}
	return nil
}

// systemFolder reports whether a clean absolute path is a folder, or lies below one, that is the system's.
func systemFolder(dir string) bool {
	if dir == "/" {
		return true
	}
	parts := strings.Split(dir[1:], "/")
	switch parts[0] {
	case "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "lost+found", "proc", "run", "sbin", "sys":
		return true
	case "usr":
		return len(parts) < 3 || parts[1] != "local" && parts[1] != "share"
	case "var":
		return len(parts) < 3 || parts[1] == "run" || parts[1] == "lib" && parts[2] == "docker"
	case "home", "media", "mnt", "opt", "root", "snap", "srv", "tmp":
		return len(parts) < 2
	}
	return false
}

// local is the absolute path of a path on this machine: a leading ~/ is the home folder, and the rest refers to dir.
func local(dir, name string) (string, error) {
	switch {
	case name == "~" || strings.HasPrefix(name, "~/"):
		home, err := os.UserHomeDir()
		if err != nil { // without $HOME, the user database may know
			account, unknown := user.Current()
			if unknown != nil || account.HomeDir == "" {
				return "", invalid("inventory.no-home", name, err)
			}
			home = account.HomeDir
		}
		return filepath.Join(home, name[1:]), nil
	case strings.HasPrefix(name, "~"):
		return "", invalid("inventory.other-home", name)
	case filepath.IsAbs(name):
		return filepath.Clean(name), nil
	}
	return filepath.Join(dir, filepath.FromSlash(name)), nil
}

// checkLocalPath accepts the path of something on this machine by its form.
func checkLocalPath(name string) error {
	switch {
	case name == "":
		return invalid("inventory.path-empty")
	case strings.ContainsRune(name, 0):
		return invalid("inventory.nul", name)
	case strings.Contains(name, "${") || strings.HasPrefix(name, "$"):
		return invalid("inventory.path-variable", name)
	}
	return nil
}

// checkWithin accepts a slash-separated path that stays inside of site.source.
func checkWithin(name string) error {
	switch {
	case name == "":
		return invalid("inventory.within-empty")
	case strings.ContainsRune(name, 0):
		return invalid("inventory.nul", name)
	case path.IsAbs(name) || strings.HasPrefix(name, "~"):
		return invalid("inventory.within-absolute", name, path.Base(name))
	case strings.ContainsRune(name, '\\'):
		return invalid("inventory.within-backslash", name)
	case !filepath.IsLocal(filepath.FromSlash(name)):
		return invalid("inventory.within-outside", name)
	case strings.ContainsAny(name, "*?["):
		return invalid("inventory.within-pattern", name)
	}
	return nil
}

// checkPairFile is checkWithin for a file that may be none at all.
func checkPairFile(name string) error {
	if name == "" {
		return nil
	}
	if path.Clean(name) == "." || strings.HasSuffix(name, "/") {
		return invalid("inventory.pair-folder", name)
	}
	return checkWithin(name)
}

// checkFolder accepts a folder that is there.
func checkFolder(name string) error {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return invalid("inventory.source-missing", name, orSandbox(name, "inventory.fix-source"))
	case err != nil:
		return invalid("inventory.path-unreadable", name, reason(err))
	case !info.IsDir():
		return invalid("inventory.source-file", name)
	}
	return nil
}

// orSandbox is what to do about a file that is not there. What the sandbox makes is missing until the sandbox is up.
func orSandbox(name, code string) error {
	if strings.Contains(filepath.ToSlash(name), "/provision/sandbox/") {
		code = "inventory.fix-sandbox"
	}
	return invalid(code)
}

// checkUploaded accepts an entry of upload that is there and does not lead out of source by a symbolic link.
func checkUploaded(source, entry string) error {
	full := filepath.Join(source, filepath.FromSlash(entry))
	if _, err := os.Lstat(full); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return invalid("inventory.upload-missing", entry, source)
		}
		return invalid("inventory.upload-unreadable", entry, reason(err))
	}
	real, err := filepath.EvalSymlinks(full)
	if err != nil {
		return invalid("inventory.upload-dangling", entry, reason(err))
	}
	root, err := filepath.EvalSymlinks(source)
	if err != nil {
		return invalid("inventory.upload-unreadable", entry, reason(err))
	}
	if within, err := filepath.Rel(root, real); err != nil || !filepath.IsLocal(within) {
		return invalid("inventory.upload-outside", entry, real)
	}
	return nil
}

// uploads reports whether one of the entries is the file or a folder around it.
func uploads(entries []string, file string) bool {
	file = path.Clean(file)
	for _, e := range entries {
		if e = path.Clean(e); e == "." || e == file || strings.HasPrefix(file, e+"/") {
			return true
		}
	}
	return false
}

// checkIdentity accepts the path of a private key that is there.
func checkIdentity(name string) error {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return invalid("inventory.identity-missing", name, orSandbox(name, "inventory.fix-identity"))
	case err != nil:
		return invalid("inventory.path-unreadable", name, reason(err))
	case info.IsDir():
		return invalid("inventory.identity-folder", name, filepath.Join(name, "id_ed25519"))
	case !info.Mode().IsRegular():
		return invalid("inventory.path-special", name)
	case strings.HasSuffix(name, ".pub"):
		return invalid("inventory.identity-public", name, strings.TrimSuffix(name, ".pub"))
	case info.Size() == 0:
		return invalid("inventory.identity-empty", name)
	}
	return nil
}

// checkKnownHosts accepts a path that is a file or nothing yet: it is written when the first host key is accepted.
func checkKnownHosts(name string) error {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return invalid("inventory.path-unreadable", name, reason(err))
	case info.IsDir():
		return invalid("inventory.known-hosts-folder", name, filepath.Join(name, "known_hosts"))
	case !info.Mode().IsRegular() && name != os.DevNull:
		return invalid("inventory.path-special", name)
	}
	return nil
}
