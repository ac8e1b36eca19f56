package site

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/inventory"
)

// maxFile bounds the files that are examined; a configuration or a certificate chain of this size is a mistake.
const maxFile = 1 << 20

// Why a file has no content, beside fs.ErrNotExist and fs.ErrPermission.
var (
	errFolder   = errors.New("is a directory")
	errSpecial  = errors.New("is not a regular file")
	errTooLarge = errors.New("larger than 1 MiB")
)

// Read fetches what Examine looks at from the site's source folder, os.DirFS(inventory.Site.Source) for example. What cannot be
// read is noted in the File concerned, and Examine makes a problem of it.
func Read(root fs.FS, s Site, now time.Time) Input {
	certificate, key := s.Certificate, s.Key
	s = s.within()
	in := Input{Site: s, Now: now, Dockerfile: s.readBeside(root, s.Dockerfile), Ignore: s.readBeside(root, s.ignore(root))}
	switch {
	case s.Certificate == "" || s.obtained():
	case s.bundled():
		in.Certificate, in.Key = readBundle(root, certificate)
	default:
		in.Certificate, in.Key = s.readBeside(root, certificate), s.readBeside(root, key)
	}
	if sub, err := fs.Sub(root, s.Context); err == nil { // from here on, the folder that is built
		root = sub
	}
	if s.EnvironmentFile != "" {
		in.Environment = inventory.DoubtEnvironment(s.EnvironmentFile)
	}
	in.recipe = parseRecipe(in.Dockerfile.Content, s.Args)
	in.recipe.file, in.recipe.noTarget = in.Dockerfile.Path, !in.recipe.until(s.Target)
	in.recipe.context = &buildContext{root: root, ignored: parseIgnore(in.Ignore.Content)}
	for _, start := range in.recipe.starts(s.Command) {
		f := readFile(root, start.source)
		f.start = start
		in.Scripts = append(in.Scripts, f)
	}
	if s.IsNginx() {
		in.nginx = readNginx(root, in)
		in.Configs = in.nginx.read
	}
	return in
}

func readFile(root fs.FS, name string) File {
	f := File{Path: name}
	f.raw, f.Mode, f.Err = content(root, name)
	f.Content, f.encoding = decode(f.raw)
	return f
}

// content reads a file that is a regular one before it is opened: to open a pipe waits for whoever writes to it.
func content(root fs.FS, name string) ([]byte, fs.FileMode, error) {
	name = path.Clean(name)
	if info, err := fs.Stat(root, name); err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return nil, info.Mode(), errSpecial
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, 0, err
	case info.IsDir():
		return nil, info.Mode(), errFolder
	case info.Size() > maxFile:
		return nil, info.Mode(), errTooLarge
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = errTooLarge
	}
	return text, info.Mode(), err
}

// nginxPath reports whether a path in the image is where nginx's packages and images keep configuration.
func nginxPath(name string) bool {
	for _, dir := range []string{"/etc/nginx", "/usr/local/nginx/conf", "/usr/local/openresty/nginx/conf", "/opt/nginx/conf"} {
		if name == dir || strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return false
}
