package site

import (
	"bytes"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
)

// start is a file that the container is started with.
type start struct {
	source string // in the build context
	shell  bool   // a shell reads it; otherwise the kernel, which looks at its first line
	proven bool   // it certainly is this file
	absent bool   // neither the image nor the source has it, unless the base image does
}

// starts lists the files that the container starts with, found through the COPY that brings them. A command of the inventory
// takes the place of CMD.
func (r *recipe) starts(command []string) []start {
	var list []start
	add := func(name string, shell bool) {
		if s, ok := r.startAt(name); ok && !slices.ContainsFunc(list, func(other start) bool { return s.source == other.source }) {
			s.shell = shell
			list = append(list, s)
		}
	}
	for _, words := range r.startCommands(command) {
		for n, text := range words {
			shell := n > 0 && slices.ContainsFunc(words[:n], isShell) && !strings.HasPrefix(text, "-")
			if n == 0 || shell || isWrapper(words[n-1]) || strings.HasSuffix(text, ".sh") {
				add(text, shell)
			}
		}
	}
	if isStockNginx(r.baseOf(len(r.stages) - 1)) { // its entry point runs these
		names, _ := r.image().names("/docker-entrypoint.d")
		for _, name := range names {
			if strings.HasSuffix(name, ".sh") {
				add("/docker-entrypoint.d/"+name, false)
			}
		}
	}
	return list
}

// startAt finds a file that the container starts with. A script that a relative path names in the folder of a base image that is
// not known may be the one of that path in the source.
func (r *recipe) startAt(name string) (start, bool) {
	at := r.image().at(absolute(word{text: name}, r.workdir()).text)
	switch {
	case at.state == stateFile && at.source != "":
		return start{source: at.source, proven: true}, true
	case at.state != stateBase && at.state != stateUnknown || !strings.HasSuffix(name, ".sh") || strings.Contains(name, "$"):
		return start{}, false
	case r.context.has(name):
		return start{source: contextPath(name)}, true
	}
	real, _, _ := r.context.real(name)
	return start{source: contextPath(name), absent: true}, !path.IsAbs(name) && at.state == stateBase && real == ""
}

// isWrapper reports whether a program does no more than start the one behind it.
func isWrapper(program string) bool {
	return slices.Contains([]string{"tini", "--", "-g", "-s", "dumb-init", "exec", "env", "su-exec", "gosu", "nice"}, path.Base(program))
}

// workdir is the folder that the container starts in.
func (r *recipe) workdir() word {
	if s := r.final(); s != nil {
		return s.lines[len(s.lines)-1].workdir
	}
	return word{text: "/"}
}

// startLine is the line of the last CMD or ENTRYPOINT that the image has; ok is false where the base image's holds.
func (r *recipe) startLine(name string) (line instruction, ok bool) {
	for _, i := range r.finalLines() {
		if i.name == name {
			line, ok = i, true
		}
	}
	return line, ok
}

// startCommands are the commands that the container starts with: ENTRYPOINT's, and the inventory's or CMD's.
func (r *recipe) startCommands(command []string) [][]string {
	var list [][]string
	entrypoint, ok := r.startLine("entrypoint")
	if ok {
		list = append(list, commandWords(entrypoint))
	}
	switch line, ok := r.startLine("cmd"); {
	case len(command) > 0:
		list = append(list, command)
	case ok:
		list = append(list, commandWords(line))
	}
	return list
}

// commandWords are the words of a CMD or ENTRYPOINT.
func commandWords(i instruction) []string {
	var line instructions.ShellDependantCmdLine
	switch c := i.command.(type) {
	case *instructions.CmdCommand:
		line = c.ShellDependantCmdLine
	case *instructions.EntrypointCommand:
		line = c.ShellDependantCmdLine
	}
	var words []string
	for n, text := range line.CmdLine {
		if line.PrependShell || n > 1 && strings.HasPrefix(line.CmdLine[n-1], "-") && isShell(line.CmdLine[n-2]) {
			words = append(words, strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n;&|()", r) })...)
		} else {
			words = append(words, text)
		}
	}
	return words
}

// listForm is the list of strings that a shell form was meant as: ['a', 'b'] is a list for Python and not for Docker. It is empty
// where nothing can be made of it, and meant is false where it is a command.
func listForm(text string) (list string, meant bool) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "[") {
		return "", false
	}
	repaired := strings.NewReplacer("'", `"`, "“", `"`, "”", `"`, "‘", `"`, "’", `"`, "，", ",").Replace(text)
	repaired = strings.TrimSuffix(strings.TrimRight(strings.TrimSuffix(repaired, "]"), " ,"), "]") + "]"
	var words []string
	if json.Unmarshal([]byte(repaired), &words) == nil && len(words) > 0 {
		out, _ := encodeList(words)
		return out, true
	}
	// [ alone is a command, test by another name; glued to a word it is none.
	return "", len(text) > 1 && strings.ContainsAny(text[1:2], `"'`) || strings.HasPrefix(text, "[“")
}

func encodeList(words []string) (string, error) {
	var parts []string
	for _, w := range words {
		var out bytes.Buffer
		encoder := json.NewEncoder(&out)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(w); err != nil {
			return "", err
		}
		parts = append(parts, strings.TrimSpace(out.String()))
	}
	return "[" + strings.Join(parts, ", ") + "]", nil
}
