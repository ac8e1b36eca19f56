package inventory

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"
)

// exampleDirectory is the tutorial's, with the user's name in it.
const exampleDirectory = "/home/kevin/dev/myweb"

// CheckDirectory accepts a folder on the host that can be the site's alone: absolute, clean, and neither a folder of the
// system nor somebody's home.
func CheckDirectory(dir string) error {
	switch {
	case dir == "":
		return errors.New("is empty; write the folder on the host, " + exampleDirectory + " for example")
	case strings.HasPrefix(dir, "~"):
		return fmt.Errorf("%q begins with ~, which is not expanded on the host; write the whole path, %s for example", dir, exampleDirectory)
	case strings.ContainsRune(dir, '$'):
		return fmt.Errorf("%q has a variable, and variables are not expanded; write the path itself, %s for example", dir, exampleDirectory)
	case strings.ContainsRune(dir, '\\'):
		return fmt.Errorf("%q has a backslash; write the path as the host does, %s for example", dir, exampleDirectory)
	case !path.IsAbs(dir):
		return fmt.Errorf("%q is relative; write the whole path from /, %s for example", dir, exampleDirectory)
	case strings.ContainsFunc(dir, unicode.IsControl):
		return fmt.Errorf("%q has a control character; write the path without it", dir)
	case strings.Contains(dir, "/../") || strings.HasSuffix(dir, "/.."):
		return fmt.Errorf("%q goes up with '..'; write the path it leads to, %q", dir, path.Clean(dir))
	case path.Clean(dir) != dir:
		return fmt.Errorf("%q is not written plainly; write %q", dir, path.Clean(dir))
	case systemFolder(dir):
		return fmt.Errorf("%q is a folder of the system; choose one that is the site's alone, %s for example", dir, exampleDirectory)
	case path.Dir(dir) == "/home":
		return fmt.Errorf("%q is a user's home; choose a folder below it, %s/dev/myweb for example", dir, dir)
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
		if err != nil {
			return "", fmt.Errorf("%q begins with ~ and there is no home folder (%w); write the whole path", name, err)
		}
		return filepath.Join(home, name[1:]), nil
	case strings.HasPrefix(name, "~"):
		return "", fmt.Errorf("%q names another user's home folder, which is not looked up; write the whole path", name)
	case filepath.IsAbs(name):
		return filepath.Clean(name), nil
	}
	return filepath.Join(dir, filepath.FromSlash(name)), nil
}

// checkLocalPath accepts the path of something on this machine by its form.
func checkLocalPath(name string) error {
	switch {
	case name == "":
		return errors.New("is empty; write a path")
	case strings.ContainsRune(name, 0):
		return fmt.Errorf("%q has a NUL character; write the path without it", name)
	case strings.Contains(name, "${") || strings.HasPrefix(name, "$"):
		return fmt.Errorf("%q has a variable, and variables are not expanded; write the path itself, ~/ for the home folder", name)
	}
	return nil
}

// checkWithin accepts a slash-separated path that stays inside of site.source.
func checkWithin(name string) error {
	switch {
	case name == "":
		return errors.New(`is empty; write a path within site.source, "." for all of it`)
	case strings.ContainsRune(name, 0):
		return fmt.Errorf("%q has a NUL character; write the path without it", name)
	case path.IsAbs(name) || strings.HasPrefix(name, "~"):
		return fmt.Errorf("%q is not relative; write it relative to site.source, %q for example", name, path.Base(name))
	case strings.ContainsRune(name, '\\'):
		return fmt.Errorf("%q has a backslash; separate folders with /", name)
	case !filepath.IsLocal(filepath.FromSlash(name)):
		return fmt.Errorf("%q leads out of site.source; only what lies inside can be uploaded", name)
	case strings.ContainsAny(name, "*?["):
		return fmt.Errorf("%q is a pattern; name files and folders, a folder stands for all in it", name)
	}
	return nil
}

// checkPairFile is checkWithin for a file that may be none at all.
func checkPairFile(name string) error {
	if name == "" {
		return nil
	}
	if path.Clean(name) == "." || strings.HasSuffix(name, "/") {
		return fmt.Errorf("%q is a folder; name the file in it, ssl_files/kevinhuo_cool.pem for example", name)
	}
	return checkWithin(name)
}

// checkFolder accepts a folder that is there.
func checkFolder(name string) error {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("names %s, which does not exist; %s", name, missing(name, "name the folder with the Dockerfile"))
	case err != nil:
		return fmt.Errorf("names %s, which cannot be read (%w); make it readable", name, reason(err))
	case !info.IsDir():
		return fmt.Errorf("names %s, which is a file; name the folder with the Dockerfile", name)
	}
	return nil
}

// missing is what to do about a file that is not there. What the sandbox makes is missing until the sandbox is up.
func missing(name, fix string) string {
	if strings.Contains(filepath.ToSlash(name), "/provision/sandbox/") {
		return "it comes with the sandbox: run 'provision sandbox up' first"
	}
	return fix
}

// checkUploaded accepts an entry of upload that is there and does not lead out of source by a symbolic link.
func checkUploaded(source, entry string) error {
	full := filepath.Join(source, filepath.FromSlash(entry))
	if _, err := os.Lstat(full); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%q is not in %s; correct its name, or delete the entry", entry, source)
		}
		return fmt.Errorf("%q cannot be read (%w); make it readable", entry, reason(err))
	}
	real, err := filepath.EvalSymlinks(full)
	if err != nil {
		return fmt.Errorf("%q is a symbolic link that leads nowhere (%w); mend the link, or delete the entry", entry, reason(err))
	}
	root, err := filepath.EvalSymlinks(source)
	if err != nil {
		return fmt.Errorf("%q cannot be read (%w); make it readable", entry, reason(err))
	}
	if within, err := filepath.Rel(root, real); err != nil || !filepath.IsLocal(within) {
		return fmt.Errorf("%q is a symbolic link that leads out of site.source, to %s; copy what it leads to into site.source", entry, real)
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
		return fmt.Errorf("names %s, which does not exist; %s", name, missing(name, "make a key with 'ssh-keygen -t ed25519', correct the path, or delete the line"))
	case err != nil:
		return fmt.Errorf("names %s, which cannot be read (%w); make it readable", name, reason(err))
	case info.IsDir():
		return fmt.Errorf("names %s, which is a folder; name the private key in it, %s for example", name, filepath.Join(name, "id_ed25519"))
	case strings.HasSuffix(name, ".pub"):
		return fmt.Errorf("names %s, which is the public key; name the private one, %s", name, strings.TrimSuffix(name, ".pub"))
	case info.Size() == 0:
		return fmt.Errorf("names %s, which is empty; name the file with the private key", name)
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
		return fmt.Errorf("names %s, which cannot be read (%w); make it readable", name, reason(err))
	case info.IsDir():
		return fmt.Errorf("names %s, which is a folder; name the file in it, %s for example", name, filepath.Join(name, "known_hosts"))
	}
	return nil
}

// reason is an error without the operation and the path, which the sentence around it has.
func reason(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}
