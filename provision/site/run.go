package site

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/syntax"
)

// runReader follows what the shell commands of a RUN do to files, as far as they are plain: cp, mv, ln, rm, mkdir, and text that
// goes into a file. Any other command is opaque.
type runReader struct {
	dir   word
	env   map[string]string
	sure  bool // the command is carried out, whatever else happens
	steps []step
}

// runSteps are the steps of a RUN.
func (r *recipeReader) runSteps(i instruction) []step {
	run, ok := i.command.(*instructions.RunCommand)
	if !ok {
		return nil
	}
	w := runReader{dir: i.workdir, env: i.env, sure: true}
	switch line := run.CmdLine; {
	case !run.PrependShell && len(line) > 2 && isShell(line[0]) && line[1] == "-c":
		w.script(line[2])
	case !run.PrependShell:
		w.command(literals(line))
	default:
		var text strings.Builder
		text.WriteString(strings.Join(line, " "))
		for _, file := range run.Files {
			text.WriteString("\n" + file.Data + file.Name)
		}
		w.script(text.String())
	}
	return w.steps
}

func isShell(program string) bool {
	return slices.Contains([]string{"sh", "bash", "dash", "ash", "zsh"}, path.Base(program))
}

func literals(list []string) []word {
	words := make([]word, len(list))
	for n, text := range list {
		words[n] = word{text: text}
	}
	return words
}

// script follows shell text; what cannot be parsed is opaque as a whole.
func (w *runReader) script(text string) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text+"\n"), "")
	if err != nil || strings.HasPrefix(text, "#!") && !strings.Contains(strings.SplitN(text, "\n", 2)[0], "sh") {
		w.steps = append(w.steps, opaque{literals(strings.Fields(text))})
		return
	}
	w.list(file.Stmts)
}

func (w *runReader) list(list []*syntax.Stmt) {
	for _, s := range list {
		w.statement(s)
	}
}

func (w *runReader) statement(s *syntax.Stmt) {
	switch c := s.Cmd.(type) {
	case nil, *syntax.CallExpr:
		w.call(s)
	case *syntax.BinaryCmd:
		sure := w.sure
		w.sure = sure && (c.Op == syntax.AndStmt || c.Op == syntax.OrStmt && isTrue(c.Y))
		w.statement(c.X)
		w.statement(c.Y)
		w.sure = sure
	case *syntax.Block:
		w.list(c.Stmts)
		w.redirects(s)
	case *syntax.Subshell:
		dir := w.dir
		w.list(c.Stmts)
		w.redirects(s)
		w.dir = dir
	default: // conditions, loops, functions
		w.steps = append(w.steps, opaque{w.allWords(s)})
	}
}

// isTrue reports whether a statement is "true" or ":", as in "rm file || true".
func isTrue(s *syntax.Stmt) bool {
	call, ok := s.Cmd.(*syntax.CallExpr)
	return ok && len(call.Args) > 0 && (call.Args[0].Lit() == "true" || call.Args[0].Lit() == ":")
}

// call follows a simple command.
func (w *runReader) call(s *syntax.Stmt) {
	call, _ := s.Cmd.(*syntax.CallExpr)
	var words []word
	if call != nil {
		for _, arg := range call.Args {
			words = append(words, w.words(arg)...)
		}
		if len(words) == 0 {
			w.assign(call.Assigns)
		}
	}
	input, heredoc := w.heredoc(s)
	if len(words) == 0 && heredoc && !input.open { // RUN <<EOF
		w.script(input.text)
		return
	}
	if len(words) > 0 && isShell(words[0].text) && heredoc && !input.open {
		w.script(input.text)
		return
	}
	if w.redirected(s, words, input, heredoc) {
		return
	}
	if len(words) > 0 {
		w.command(words)
	}
}

// assign notes variables of the shell; ENV does not see them, which is harmless as long as they are new.
func (w *runReader) assign(list []*syntax.Assign) {
	env := variables{}
	for name, value := range w.env {
		env[name] = value
	}
	for _, a := range list {
		delete(env, a.Name.Value)
		if a.Value == nil {
			continue
		}
		if value := w.words(a.Value); len(value) == 1 && !value[0].open && w.sure {
			env[a.Name.Value] = value[0].text
		}
	}
	w.env = env
}

// words expands a word; one with a variable or a command that is not known is open.
func (w *runReader) words(arg *syntax.Word) []word {
	env := expand.FuncEnviron(func(name string) string { return w.env[name] })
	unknown := false
	syntax.Walk(arg, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.ParamExp:
			_, known := w.env[n.Param.Value]
			unknown = unknown || !known
		case *syntax.CmdSubst, *syntax.ProcSubst, *syntax.ArithmExp:
			unknown = true
		}
		return !unknown
	})
	if !unknown {
		if fields, err := expand.Fields(&expand.Config{Env: env}, arg); err == nil {
			return literals(fields)
		}
	}
	return []word{{printed(arg), true}}
}

// printed is a node as shell text.
func printed(n syntax.Node) string {
	var out bytes.Buffer
	_ = syntax.NewPrinter().Print(&out, n) // into memory
	return out.String()
}

// allWords are the words of a command with all that is in it.
func (w *runReader) allWords(s *syntax.Stmt) []word {
	var list []word
	syntax.Walk(s, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.Word:
			list = append(list, word{text: w.path(word{text: strings.Trim(printed(n), `"'`)}).text})
		case *syntax.Redirect:
			if n.Hdoc != nil {
				list = append(list, literals(strings.Fields(printed(n.Hdoc)))...)
			}
		}
		return true
	})
	return list
}

// heredoc is the text of a statement's heredoc.
func (w *runReader) heredoc(s *syntax.Stmt) (text word, ok bool) {
	for _, redirect := range s.Redirs {
		if redirect.Hdoc == nil {
			continue
		}
		document, err := expand.Document(&expand.Config{Env: expand.FuncEnviron(func(name string) string { return w.env[name] })}, redirect.Hdoc)
		open := err != nil
		syntax.Walk(redirect.Hdoc, func(n syntax.Node) bool {
			switch n.(type) {
			case *syntax.ParamExp, *syntax.CmdSubst:
				open = true
			}
			return true
		})
		return word{document, open}, true
	}
	return word{}, false
}

// redirected follows a command whose output goes into a file.
func (w *runReader) redirected(s *syntax.Stmt, words []word, input word, heredoc bool) bool {
	for _, redirect := range s.Redirs {
		if redirect.Hdoc != nil || redirect.N != nil && redirect.N.Value != "1" {
			continue
		}
		target := w.words(redirect.Word)
		if len(target) != 1 || target[0].text == "/dev/null" {
			continue
		}
		content := word{open: true}
		switch {
		case redirect.Op != syntax.RdrOut && redirect.Op != syntax.RdrClob || !w.sure || len(words) == 0:
		case words[0].text == "cat" && heredoc && len(words) == 1:
			content = input
		case words[0].text == "echo":
			content = echo(words[1:])
		}
		if redirect.Op != syntax.RdrIn && redirect.Op != syntax.DplIn {
			w.steps = append(w.steps, write{w.path(target[0]), content})
			return true
		}
	}
	return false
}

// redirects notes what the output of a group goes to.
func (w *runReader) redirects(s *syntax.Stmt) { _ = w.redirected(s, nil, word{}, false) }

// echo is what echo prints: shells differ in what a backslash or an option means.
func echo(words []word) word {
	var list []string
	for _, arg := range words {
		if arg.open || strings.Contains(arg.text, `\`) || strings.HasPrefix(arg.text, "-") {
			return word{open: true}
		}
		list = append(list, arg.text)
	}
	return word{text: strings.Join(list, " ") + "\n"}
}

// path is a word as a path in the image.
func (w *runReader) path(name word) word { return absolute(name, w.dir) }

// command follows a command by its words.
func (w *runReader) command(words []word) {
	name, args := words[0].text, words[1:]
	var flags string
	var operands []word
	for n, arg := range args {
		if strings.HasPrefix(arg.text, "-") && len(arg.text) > 1 && !arg.open {
			if flags += arg.text; arg.text == "--" {
				operands = append(operands, args[n+1:]...)
				break
			}
			continue
		}
		operands = append(operands, w.path(arg))
	}
	switch {
	case slices.Contains(harmless(), name):
	case name == "cd" && len(args) > 0:
		w.dir = w.path(args[len(args)-1])
	case isShell(name) && strings.HasPrefix(flags, "-") && strings.HasSuffix(flags, "c") && len(args) == 2 && !args[1].open && w.sure:
		w.script(args[1].text)
	case !w.sure || len(operands) == 0 || strings.Contains(flags, "t"): // cp -t FOLDER
		w.opaque(words)
	case name == "mkdir":
		for _, folder := range operands {
			w.steps = append(w.steps, makeFolder{folder})
		}
	case (name == "cp" || name == "mv") && len(operands) > 1:
		w.copy(operands, name == "mv")
	case name == "ln" && strings.Contains(flags, "s") && len(operands) == 2 && !args[len(args)-2].open:
		w.steps = append(w.steps, link{args[len(args)-2].text, operands[1]})
	case name == "rm":
		w.steps = append(w.steps, remove{operands})
	default:
		w.opaque(words)
	}
}

// copy follows cp and mv.
func (w *runReader) copy(operands []word, moved bool) {
	last := len(operands) - 1
	p := put{fromImage: true, sources: operands[:last], dest: operands[last], asFolder: true}
	for n, source := range p.sources {
		if strings.HasSuffix(source.text, "/.") {
			p.sources[n].text, p.asFolder = strings.TrimSuffix(source.text, "/."), false
		}
	}
	w.steps = append(w.steps, p)
	if moved {
		w.steps = append(w.steps, remove{operands[:last]})
	}
}

// opaque notes a command that nothing is known of, with its words as paths too.
func (w *runReader) opaque(words []word) {
	var list []word
	for _, arg := range words {
		list = append(list, arg, w.path(arg))
	}
	w.steps = append(w.steps, opaque{list})
}

// harmless are commands that change no content.
func harmless() []string {
	return []string{"chmod", "chown", "chgrp", "echo", "printf", "ls", "true", ":", "test", "[", "set", "export", "cat", "exit", "pwd", "sleep", "id", "nginx"}
}

// opaque is a command that may do anything to what it names, and to what the scripts name that it runs.
type opaque struct{ words []word }

// effect implements step.
func (o opaque) effect(before stageFiles, name string) (placed, bool) {
	base := path.Base(name)
	for _, w := range o.words {
		if mentions(w.text, name) || base != "/" && strings.Contains(w.text, base) || before.scriptMentions(w.text, base) {
			if before.at(name).state == stateFolder && !strings.Contains(w.text, name) {
				continue // a folder stays one, whatever comes into it
			}
			return placed{state: stateUnknown}, true
		}
	}
	return placed{}, false
}

// mentions reports whether a word means a path, or a folder that it is in.
func mentions(text, name string) bool {
	text = strings.TrimSuffix(text, "/")
	for part := name; strings.Count(part, "/") > 1; part = path.Dir(part) {
		if text == part || matches(text, part) {
			return true
		}
	}
	return false
}

// scriptMentions reports whether a word is a script of the build context that names a file.
func (f stageFiles) scriptMentions(text, base string) bool {
	if !path.IsAbs(text) {
		return false
	}
	at := f.at(text)
	if at.state != stateFile || at.source == "" {
		return false
	}
	content := f.r.context.content(at.source)
	return len(base) > 1 && bytes.Contains(content, []byte(base))
}

// adds implements step.
func (o opaque) adds(_ stageFiles, folder string) ([]string, bool) {
	return nil, !slices.ContainsFunc(o.words, func(w word) bool {
		return mentions(w.text, folder) || strings.HasPrefix(w.text, folder+"/")
	})
}

// write is text that goes into a file.
type write struct{ file, text word }

// effect implements step.
func (s write) effect(_ stageFiles, name string) (placed, bool) {
	switch {
	case s.file.open && path.Base(s.file.text) == path.Base(name):
		return placed{state: stateUnknown}, true
	case s.file.open || s.file.text != name:
		return placed{}, false
	case s.text.open:
		return placed{state: stateUnknown}, true
	}
	return placed{state: stateFile, text: s.text.text}, true
}

// adds implements step.
func (s write) adds(_ stageFiles, folder string) ([]string, bool) {
	if !s.file.open && path.Dir(s.file.text) == folder {
		return []string{path.Base(s.file.text)}, true
	}
	return nil, !s.file.open
}

// remove is rm.
type remove struct{ names []word }

// effect implements step.
func (s remove) effect(_ stageFiles, name string) (placed, bool) {
	for _, w := range s.names {
		gone := path.Clean(w.text)
		for part := name; part != "/" && !w.open; part = path.Dir(part) {
			if part == gone || matches(gone, part) {
				return placed{state: stateAbsent}, true
			}
		}
	}
	return placed{}, false
}

// adds implements step.
func (s remove) adds(stageFiles, string) ([]string, bool) { return nil, true }

// link is ln -s.
type link struct {
	target string // as it is written
	name   word
}

// effect implements step.
func (l link) effect(before stageFiles, name string) (placed, bool) {
	at := path.Clean(l.name.text)
	switch folder := isFolder(before, at); {
	case l.name.open:
		return placed{state: stateUnknown}, true
	case folder == maybe && (name == at || strings.HasPrefix(name, at+"/")):
		return placed{state: stateUnknown}, true
	case folder == yes:
		at = path.Join(at, path.Base(l.target))
	}
	rest, inside := under(name, at)
	if !inside {
		return placed{}, false
	}
	target := l.target
	if !path.IsAbs(target) {
		target = path.Join(path.Dir(at), target)
	}
	return placed{state: stateLink, text: path.Join(target, rest)}, true
}

// adds implements step.
func (l link) adds(before stageFiles, folder string) ([]string, bool) {
	at := path.Clean(l.name.text)
	switch answer := isFolder(before, at); {
	case l.name.open:
		return nil, false
	case at == folder && answer != no:
		return []string{path.Base(l.target)}, answer == yes
	case path.Dir(at) == folder:
		return []string{path.Base(at)}, true
	}
	return nil, true
}
