package site

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// recipe is a Dockerfile: its stages, of which the last one makes the image.
type recipe struct {
	stages []*stage
	nodes  []*parser.Node
	landed map[landingKey][]landing // what landings has found
}

type stage struct {
	name  string
	base  string
	lines []instruction // FROM is the first one
}

type instruction struct {
	name      string // lower case
	args      []string
	flags     []string
	heredoc   bool
	heredocs  []parser.Heredoc
	json      bool
	line, end int
	text      string
	workdir   string            // in force at the instruction
	env       map[string]string // likewise
}

// copied is a COPY or ADD: sources of the build context, or of another stage, and where they go.
type copied struct {
	instruction
	sources []string
	dest    string // absolute; a slash at its end is kept
	from    string // stage or image; empty: the build context
}

// parseRecipe never panics: what the library does not survive is an error.
func parseRecipe(content []byte) (r *recipe, err error) {
	r = &recipe{}
	defer func() {
		if caught := recover(); caught != nil {
			r, err = &recipe{}, fmt.Errorf("the parser fails on it: %v", caught)
		}
	}()
	result, err := parser.Parse(bytes.NewReader(content))
	if err != nil {
		return r, err
	}
	r.nodes = result.AST.Children
	lex := shell.NewLex(result.EscapeToken)
	global := map[string]string{}
	for _, node := range r.nodes {
		i := newInstruction(node)
		if i.name == "from" {
			r.stages = append(r.stages, r.begin(i, lex, global))
			continue
		}
		if len(r.stages) == 0 {
			setVariables(lex, global, i) // ARG before the first FROM
			continue
		}
		r.stages[len(r.stages)-1].append(i, lex)
	}
	return r, nil
}

func newInstruction(node *parser.Node) instruction {
	i := instruction{
		name: strings.ToLower(node.Value), flags: node.Flags, heredoc: len(node.Heredocs) > 0, heredocs: node.Heredocs, json: node.Attributes["json"],
		line: node.StartLine, end: node.EndLine, text: node.Original,
	}
	for arg := node.Next; arg != nil; arg = arg.Next {
		i.args = append(i.args, arg.Value)
	}
	return i
}

// begin opens a stage. One that builds on an earlier stage goes on with its folder and variables.
func (r *recipe) begin(from instruction, lex *shell.Lex, global map[string]string) *stage {
	s := &stage{}
	from.workdir, from.env = "/", map[string]string{}
	if len(from.args) > 0 {
		s.base = expandWord(lex, from.args[0], global)
	}
	if len(from.args) == 3 && strings.EqualFold(from.args[1], "as") {
		s.name = strings.ToLower(from.args[2])
	}
	if i := r.stageIndex(s.base, len(r.stages)); i >= 0 && len(r.stages[i].lines) > 0 {
		last := r.stages[i].lines[len(r.stages[i].lines)-1]
		from.workdir, from.env = last.workdir, last.env
	}
	s.lines = append(s.lines, from)
	return s
}

func (s *stage) append(i instruction, lex *shell.Lex) {
	last := s.lines[len(s.lines)-1]
	i.workdir, i.env = last.workdir, last.env
	switch i.name {
	case "workdir":
		if len(i.args) > 0 {
			i.workdir = absolute(expandWord(lex, i.args[0], i.env), i.workdir)
		}
	case "env", "arg":
		env := make(map[string]string, len(i.env)+1)
		for name, value := range i.env {
			env[name] = value
		}
		setVariables(lex, env, i)
		i.env = env
	case "copy", "add", "expose":
		for n := range i.args {
			i.args[n] = expandWord(lex, i.args[n], i.env)
		}
	}
	s.lines = append(s.lines, i)
}

// setVariables carries out an ENV, whose arguments are name, value and separator in turn, or an ARG.
func setVariables(lex *shell.Lex, env map[string]string, i instruction) {
	switch i.name {
	case "env":
		for n := 0; n+1 < len(i.args); n += 3 {
			env[i.args[n]] = expandWord(lex, i.args[n+1], env)
		}
	case "arg":
		for _, arg := range i.args {
			if name, value, ok := strings.Cut(arg, "="); ok {
				env[name] = expandWord(lex, value, env)
			}
		}
	}
}

// maxWord bounds an expanded word, so that variables that double themselves stay small. Linux' paths have 4,096 bytes.
const maxWord = 4096

// expandWord fills variables in; a word that the shell's rules do not allow, or that grows too long, stays as it is.
func expandWord(lex *shell.Lex, word string, env map[string]string) string {
	list := make([]string, 0, len(env))
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	if expanded, _, err := lex.ProcessWord(word, shell.EnvsFromSlice(list)); err == nil && len(expanded) <= maxWord {
		return expanded
	}
	return word
}

// absolute is a path in the image; a slash at its end is kept.
func absolute(name, workdir string) string {
	slash := strings.HasSuffix(name, "/") || name == "." || strings.HasSuffix(name, "/.")
	if !path.IsAbs(name) {
		name = path.Join(workdir, name)
	}
	name = path.Clean(name)
	if slash && name != "/" {
		name += "/"
	}
	return name
}

// stageIndex finds a stage among the first limit ones by name or number; -1: none.
func (r *recipe) stageIndex(name string, limit int) int {
	if i := slices.IndexFunc(r.stages[:limit], func(s *stage) bool { return s.name != "" && s.name == strings.ToLower(name) }); i >= 0 {
		return i
	}
	return -1
}

func (r *recipe) final() *stage {
	if len(r.stages) == 0 {
		return nil
	}
	return r.stages[len(r.stages)-1]
}

func (i instruction) copied() (copied, bool) {
	if i.name != "copy" && i.name != "add" || len(i.args) < 2 {
		return copied{}, false
	}
	c := copied{instruction: i, dest: absolute(i.args[len(i.args)-1], i.workdir)}
	for _, source := range i.args[:len(i.args)-1] {
		if !strings.HasPrefix(source, "<<") && !strings.Contains(source, "://") && !strings.HasPrefix(source, "git@") {
			c.sources = append(c.sources, source)
		}
	}
	for _, flag := range i.flags {
		if from, ok := strings.CutPrefix(flag, "--from="); ok {
			c.from = from
		}
	}
	return c, true
}

func (i instruction) has(flag string) bool { return slices.Contains(i.flags, flag) }

// finalCopies lists what goes from the build context into the image.
func (r *recipe) finalCopies() []copied {
	var list []copied
	for _, line := range r.finalLines() {
		if c, ok := line.copied(); ok && c.from == "" {
			list = append(list, c)
		}
	}
	return list
}

// finalLines lists the instructions that make the image: those of the last stage and of the stages that it builds on.
func (r *recipe) finalLines() []instruction {
	var list []instruction
	for i := len(r.stages) - 1; i >= 0; i = r.stageIndex(r.stages[i].base, i) {
		list = append(list, r.stages[i].lines...)
	}
	return list
}

// sources lists what all stages copy from the build context.
func (r *recipe) sources() []string {
	var list []string
	for _, s := range r.stages {
		for _, line := range s.lines {
			if c, ok := line.copied(); ok && c.from == "" && !c.heredoc {
				list = append(list, c.sources...)
			}
		}
	}
	return list
}

// startWords are the words of the last stage's CMD and ENTRYPOINT.
func (r *recipe) startWords() []string {
	var words []string
	if s := r.final(); s != nil {
		for _, line := range s.lines {
			if line.name == "cmd" || line.name == "entrypoint" {
				for _, arg := range line.args {
					words = append(words, strings.Fields(arg)...)
				}
			}
		}
	}
	return words
}

// stageOf finds the stage that COPY --from names, by name or by number.
func (r *recipe) stageOf(from string, limit int) int {
	if n, err := strconv.Atoi(from); err == nil && n >= 0 && n < limit {
		return n
	}
	return r.stageIndex(from, limit)
}
