package site

import (
	"path"
	"slices"
	"strings"
)

// lookForUnseen finds the first line that makes, or may make, configuration which the files here do not show.
func (x *examiner) lookForUnseen(known *nginxImage) {
	note := func(file string, line int, evidence string) {
		if known.unseen == "" {
			known.unseen, known.unseenIn, known.unseenLine = strings.TrimSpace(evidence), file, line
		}
	}
	for _, i := range x.recipe.finalLines() {
		if x.hides(i) {
			note(x.in.Dockerfile.Path, i.line, lineOf(string(x.in.Dockerfile.Content), i.line))
		}
	}
	for _, f := range x.in.Scripts {
		for n, line := range strings.Split(string(f.Content), "\n") {
			if slices.ContainsFunc(shellCommands(line), func(words []string) bool { return x.writesConfig(words, x.recipe.workdir()) }) {
				note(f.Path, n+1, line)
			}
		}
	}
	for _, word := range x.startPrograms() {
		note(x.in.Dockerfile.Path, 0, word)
	}
	for _, volume := range x.in.Site.Volumes {
		parts := strings.Split(volume, ":")
		if len(parts) > 1 && nginxPath(path.Clean(parts[1])) && !strings.HasPrefix(parts[0], x.in.Site.Directory+"/") && isConfigName(parts[1]) {
			note(x.in.Dockerfile.Path, 0, volume)
		}
	}
}

// hides reports whether an instruction brings configuration that cannot be seen here.
func (x *examiner) hides(i instruction) bool {
	if i.name == "run" {
		text := i.text
		for _, h := range i.heredocs {
			text += "\n" + h.Content
		}
		return slices.ContainsFunc(shellCommands(text), func(words []string) bool {
			return x.writesConfig(words, i.workdir) || slices.ContainsFunc(words[:min(2, len(words))], func(w string) bool { return strings.HasSuffix(w, ".sh") })
		})
	}
	c, ok := i.copied()
	if !ok {
		return false
	}
	dest := path.Clean(c.dest)
	toNginx := nginxPath(dest) || strings.HasPrefix("/etc/nginx/", strings.TrimSuffix(dest, "/")+"/")
	switch {
	case strings.HasPrefix(dest, "/docker-entrypoint.d"):
		return true
	case !toNginx || !isConfigName(dest):
		return false
	case c.from == "":
		return len(c.sources) == 0 && !c.heredoc // ADD of an address
	}
	from := x.recipe.stageOf(c.from, len(x.recipe.stages)-1)
	made := from < 0 || slices.ContainsFunc(x.recipe.stages[from].lines, func(line instruction) bool { return line.name == "run" && x.hides(line) })
	return made || !x.placed(dest)
}

// placed reports whether a file of the source is at a path of the image, or below it.
func (x *examiner) placed(at string) bool {
	at = strings.TrimSuffix(at, "/")
	return slices.ContainsFunc(x.in.Configs, func(f File) bool { return f.At == at || strings.HasPrefix(f.At, at+"/") })
}

// startPrograms are the words of the container's command that name a program of the image which may write configuration.
func (x *examiner) startPrograms() []string {
	var list []string
	for _, word := range append(slices.Clone(x.in.Site.Command), x.recipe.startWords()...) {
		word = strings.Trim(word, `"';[],`)
		readable := slices.ContainsFunc(x.in.Scripts, func(f File) bool { return f.Err == nil && path.Base(f.Path) == path.Base(word) })
		program := strings.HasSuffix(word, ".sh") || path.IsAbs(word) && strings.Contains(path.Base(word), "entrypoint") || word == "/init"
		if program && !readable && word != "/docker-entrypoint.sh" {
			list = append(list, word)
		}
	}
	return list
}

// writesConfig reports whether a shell command writes nginx's configuration in a way that is not followed.
func (x *examiner) writesConfig(words []string, workdir string) bool {
	text := strings.Join(words, " ")
	mentions := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(text, n) })
	}
	if !mentions("/etc/nginx", "nginx.conf", "conf.d", "sites-enabled", "sites-available", "default.conf", "nginx/conf", "nginx/templates") {
		return false
	}
	switch path.Base(words[0]) {
	case "mkdir", "chown", "chmod", "rm", "touch", "ls", "test", "[", "nginx", "apt-get", "apt", "apk", "yum", "dnf", "grep", "openssl", "cd", "exec", "export", "if":
		return strings.Contains(text, ">") && mentions("> /etc/nginx", ">/etc/nginx")
	case "echo", "printf", "cat":
		return strings.Contains(text, ">")
	case "cp", "mv", "ln", "install":
		from, to := moved(words)
		to = path.Clean(absolute(to, workdir))
		return from == nil || nginxPath(to) && isConfigName(to) && !x.placed(to)
	}
	return true
}
