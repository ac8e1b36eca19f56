package site

import (
	"path"
	"slices"
	"strings"
)

func isPattern(source string) bool { return strings.ContainsAny(source, "*?[") }

// contextPath is a source of COPY as a path within the build context, "." for all of it.
func contextPath(source string) string {
	return path.Clean(strings.TrimPrefix(path.Clean("/"+source), "/"))
}

// landing is where an instruction puts a file.
type landing struct {
	path string
	line int
}

type landingKey struct {
	stage int
	local string
}

// landings tells where a stage has the file that lies at local in the build context.
func (r *recipe) landings(stage int, local string) []landing {
	key := landingKey{stage, local}
	found, known := r.landed[key]
	if !known {
		found = r.findLandings(stage, local)
		if r.landed == nil {
			r.landed = map[landingKey][]landing{}
		}
		r.landed[key] = found // stages that copy from each other would be searched again and again
	}
	return found
}

func (r *recipe) findLandings(index int, local string) []landing {
	var list []landing
	s := r.stages[index]
	if base := r.stageIndex(s.base, index); base >= 0 {
		list = slices.Clone(r.landings(base, local))
	}
	folders := knownFolders()
	for _, line := range s.lines {
		c, ok := line.copied()
		switch {
		case !ok:
		case c.from == "":
			for _, source := range c.sources {
				if to := land(c, contextPath(source), contextPath(local), folders); to != "" {
					list = append(list, landing{to, line.line})
				}
			}
		default:
			if from := r.stageOf(c.from, index); from >= 0 {
				for _, at := range r.landings(from, local) {
					for _, source := range c.sources {
						if to := land(c, contextPath(source), contextPath(at.path), folders); to != "" {
							list = append(list, landing{to, line.line})
						}
					}
				}
			}
		}
		noteFolders(folders, line)
	}
	return list
}

// land is where c puts file, given one of its sources; empty where the source does not have it.
func land(c copied, source, file string, folders map[string]bool) string {
	dest := strings.TrimSuffix(c.dest, "/")
	if c.has("--parents") {
		if source == "." || source == file || strings.HasPrefix(file, source+"/") || matches(source, file) {
			return path.Join("/", dest, file)
		}
		return ""
	}
	isFolder := c.dest != dest || len(c.sources) > 1 || folders[dest]
	switch {
	case source == ".":
		return path.Join("/", dest, file)
	case source == file || matches(source, file):
		if isFolder {
			return path.Join("/", dest, path.Base(file))
		}
		return dest
	case strings.HasPrefix(file, source+"/"):
		return path.Join("/", dest, strings.TrimPrefix(file, source+"/"))
	}
	for parent := path.Dir(file); parent != "." && parent != "/"; parent = path.Dir(parent) {
		if matches(source, parent) { // a folder's content is copied, not the folder
			return path.Join("/", dest, strings.TrimPrefix(file, parent+"/"))
		}
	}
	return ""
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil && isPattern(pattern)
}

// knownFolders are those that images with nginx have: to copy onto one of them is to copy into it.
func knownFolders() map[string]bool {
	folders := map[string]bool{}
	for _, name := range []string{
		"", "/etc", "/etc/nginx", "/etc/nginx/conf.d", "/etc/ssl", "/etc/ssl/certs", "/etc/ssl/private", "/home", "/opt", "/root",
		"/srv", "/tmp", "/usr/share/nginx/html", "/var/www",
	} {
		folders[name] = true
	}
	return folders
}

// noteFolders adds the folders that an instruction makes.
func noteFolders(folders map[string]bool, line instruction) {
	add := func(name string) {
		for name = path.Clean(name); len(name) > 1; name = path.Dir(name) {
			folders[name] = true
		}
	}
	if c, ok := line.copied(); ok {
		if strings.HasSuffix(c.dest, "/") || len(c.sources) > 1 {
			add(c.dest)
		} else {
			add(path.Dir(c.dest))
		}
	}
	if line.name == "workdir" {
		add(line.workdir)
	}
	if line.name == "run" && strings.Contains(line.text, "mkdir") {
		for _, word := range strings.Fields(line.text) {
			if path.IsAbs(word) {
				add(strings.Trim(word, `"';&`))
			}
		}
	}
}
