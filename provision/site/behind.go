package site

import (
	"bytes"
	"io/fs"
	"slices"
	"time"
)

// Behind names what answers behind nginx in the container, from the outside in, where that is the tutorial's way: nginx hands
// over to port 5000, where gunicorn serves a Flask application. It is nil for any other site: nothing is known of that then.
func Behind(root fs.FS, s Site) []string {
	in := Read(root, s, time.Time{})
	passes := slices.ContainsFunc(in.Configs, func(f File) bool { return lineWith(f.Content, "proxy_pass", ":5000") })
	serves := slices.ContainsFunc(append(in.Scripts, in.Dockerfile), func(f File) bool { return lineWith(f.Content, "gunicorn") })
	if !passes || !serves || !isFlask(root) {
		return nil
	}
	return []string{"gunicorn", "flask"}
}

// isFlask looks for flask where an application says that it needs it.
func isFlask(root fs.FS) bool {
	for _, pattern := range []string{"requirements*.txt", "*.py", "*/__init__.py", "*/app.py"} {
		names, _ := fs.Glob(root, pattern)
		for _, name := range names {
			if lineWith(readFile(root, name).Content, "flask") {
				return true
			}
		}
	}
	return false
}

// lineWith reports whether a line that is no comment has all of words.
func lineWith(content []byte, words ...string) bool {
	for line := range bytes.Lines(content) {
		line = bytes.ToLower(bytes.TrimSpace(line))
		if !bytes.HasPrefix(line, []byte("#")) && !slices.ContainsFunc(words, func(w string) bool { return !bytes.Contains(line, []byte(w)) }) {
			return true
		}
	}
	return false
}
