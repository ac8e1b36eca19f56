package site

import (
	"path"
	"slices"
	"strings"
)

// lookAtStart notes what the container writes before nginx reads it.
func (known *nginxImage) lookAtStart(in Input) {
	for _, f := range in.Scripts {
		for n, line := range strings.Split(string(f.Content), "\n") {
			if slices.ContainsFunc(shellCommands(line), writesConfig) {
				known.note(f.Path, n+1, line)
			}
		}
		if f.start.absent { // the base image's, perhaps
			known.note(known.recipe.file, 0, f.Path)
		}
	}
	for _, words := range in.recipe.startCommands(in.Site.Command) {
		for _, word := range words {
			readable := slices.ContainsFunc(in.Scripts, func(f File) bool { return f.Err == nil && path.Base(f.Path) == path.Base(word) })
			program := strings.HasSuffix(word, ".sh") || path.IsAbs(word) && strings.Contains(path.Base(word), "entrypoint") || word == "/init"
			at := in.recipe.image().at(absoluteStart(in.recipe, word))
			if program && !readable && at.state != stateFile && word != "/docker-entrypoint.sh" {
				known.note(known.recipe.file, 0, word)
			}
		}
	}
}

func absoluteStart(r *recipe, name string) string {
	return absolute(word{text: name}, r.workdir()).text
}

// shellCommands splits shell text into its commands, each in words without quotes.
func shellCommands(text string) [][]string {
	var list [][]string
	text = strings.NewReplacer("&&", "\n", "||", "\n", ";", "\n", "|", "\n").Replace(text)
	for command := range strings.Lines(text) {
		words := strings.Fields(command)
		for i, w := range words {
			words[i] = strings.Trim(w, "\"'(){}")
		}
		if len(words) > 0 && !strings.HasPrefix(words[0], "#") {
			list = append(list, words)
		}
	}
	return list
}

// writesConfig reports whether a command of a start script may write nginx's configuration.
func writesConfig(words []string) bool {
	text := strings.Join(words, " ")
	mentions := func(names ...string) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.Contains(text, n) })
	}
	if !mentions("/etc/nginx", "nginx.conf", "conf.d", "sites-enabled", "sites-available", "default.conf", "nginx/conf", "nginx/templates") {
		return false
	}
	switch path.Base(words[0]) {
	case "mkdir", "chown", "chmod", "touch", "ls", "test", "[", "nginx", "grep", "openssl", "cd", "exec", "export", "if", "until", "while", "echo", "printf", "cat":
		return mentions("> ", ">/", ">>")
	}
	return true
}
