package site

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
)

// recipe is a Dockerfile as BuildKit reads it: its stages, of which the last one makes the image, and what it would refuse.
type recipe struct {
	file     string          // its path, as the build context sees it
	noTarget bool            // it has no stage of the name that is to be built
	declared map[string]bool // the names of ARG
	syntax   string          // the frontend that it names
	frontend string          // that reads it in place of BuildKit's own; empty: its own
	stages   []*stage
	refused  []refusal
	context  *buildContext
	places   map[placeKey]placed // what at has found
}

// refusal is a line that the frontend does not take.
type refusal struct {
	line int
	node *parser.Node // nil: the file as a whole cannot be read
	err  error
}

type stage struct {
	name     string
	base     word
	platform string        // that FROM asks for; empty where only the build knows it, too
	lines    []instruction // FROM is the first one
	steps    []lineStep    // what they do to the files, in their order
}

// word is an argument with its variables filled in. It is open where a variable has no value in the Dockerfile: the base image
// may set it, the person who builds, or BuildKit (TARGETARCH and the like).
type word struct {
	text string
	open bool
}

// instruction is a line of a stage.
type instruction struct {
	command   any // of package instructions
	name      string
	line, end int
	text      string
	workdir   word              // in force behind the instruction
	env       map[string]string // likewise
	copy      *copied           // of COPY and ADD
	ports     []word            // of EXPOSE
	mounts    []word            // of RUN: the stages and images that they are from
}

// copied is what a COPY or ADD does: sources of the build context, or of another stage, and where they go.
type copied struct {
	sources  []word
	heredocs []heredoc
	dest     word   // absolute; a slash at its end is kept
	written  string // the destination as it stands in the line
	from     word   // stage or image; empty: the build context
	parents  bool
	unpacks  bool // ADD: an archive is taken apart
	exclude  []string
}

// heredoc is a file that the Dockerfile itself holds.
type heredoc struct {
	name, text string
	emptied    []string // variables that had no value: nothing stands in their place
}

// maxWord bounds an expanded word, so that variables that double themselves stay small. Linux' paths have 4,096 bytes.
const maxWord = 4096

// parseRecipe reads a Dockerfile that is built with values for its ARG. It never panics: what the library does not survive is refused.
func parseRecipe(content []byte, args map[string]string) (r *recipe) {
	r = &recipe{places: map[placeKey]placed{}, declared: map[string]bool{}}
	defer func() {
		if caught := recover(); caught != nil {
			r.refused = append(r.refused, refusal{line: 1, err: fmt.Errorf("the parser fails on it: %v", caught)})
		}
	}()
	if syntax, _, _, ok := parser.DetectSyntax(content); ok {
		if r.syntax = syntax; !ownFrontend(syntax) {
			r.frontend = syntax
		}
	}
	// The library's scanner writes about bytes that are no UTF-8 to stderr.
	content = bytes.ReplaceAll(bytes.ToValidUTF8(content, []byte(notText)), []byte{0}, []byte(notText))
	result, err := parser.Parse(bytes.NewReader(content))
	if err != nil {
		r.refused = append(r.refused, refusal{line: lineOfError(err), err: err})
		return r
	}
	reader := recipeReader{recipe: r, lex: shell.NewLex(result.EscapeToken), global: map[string]string{}, args: args}
	for _, node := range result.AST.Children {
		reader.read(node)
	}
	return r
}

// notText stands for what is no UTF-8.
const notText = "\uFFFD"

// ownFrontend reports whether an image of "# syntax=" is Docker's own frontend, from whatever registry.
func ownFrontend(image string) bool {
	image, _, _ = strings.Cut(image, "@")
	image = strings.TrimPrefix(strings.TrimPrefix(image, "docker.io/"), "index.docker.io/")
	name, tag, _ := strings.Cut(image, ":")
	return (name == "docker/dockerfile" || strings.HasSuffix(name, "/docker/dockerfile")) && !strings.Contains(tag, "labs") || name == "docker/dockerfile-upstream"
}

func lineOfError(err error) int {
	if located, ok := errors.AsType[*parser.LocationError](err); ok && len(located.Locations) > 0 && len(located.Locations[0]) > 0 {
		return max(located.Locations[0][0].Start.Line, 1)
	}
	return 1
}

// recipeReader reads instruction after instruction.
type recipeReader struct {
	*recipe
	lex    *shell.Lex
	global map[string]string // of ARG before the first FROM
	open   []string          // those of them without a value
	args   map[string]string // the values that the build is given, which go before all others
}

func (r *recipeReader) read(node *parser.Node) {
	command, err := instructions.ParseInstruction(node)
	if err != nil {
		r.refused = append(r.refused, refusal{node.StartLine, node, err})
		return
	}
	i := instruction{command: command, name: strings.ToLower(node.Value), line: node.StartLine, end: node.EndLine, text: node.Original}
	from, isFrom := command.(*instructions.Stage)
	arg, isArg := command.(*instructions.ArgCommand)
	switch {
	case isFrom:
		r.begin(i, from)
	case len(r.stages) > 0:
		r.stages[len(r.stages)-1].append(r, i)
	case isArg:
		r.global, r.open = r.arguments(arg, r.global, nil, true)
	default:
		r.refused = append(r.refused, refusal{node.StartLine, node, errBeforeFrom})
	}
}

var errBeforeFrom = errors.New("no build stage in current context")

// begin opens a stage. One that builds on an earlier stage goes on with its folder and variables.
func (r *recipeReader) begin(i instruction, from *instructions.Stage) {
	s := &stage{name: strings.ToLower(from.Name), base: r.expand(from.BaseName, r.global)}
	if platform := r.expand(from.Platform, r.global); !platform.open {
		s.platform = platform.text
	}
	if base, ok := r.stageNamed(s.base.text, len(r.stages)); ok {
		last := r.stages[base].lines[len(r.stages[base].lines)-1]
		i.workdir, i.env = last.workdir, last.env
	} else {
		i.workdir, i.env = word{text: workdirOf(s.base)}, map[string]string{}
	}
	s.lines = append(s.lines, i)
	r.stages = append(r.stages, s)
}

func (s *stage) append(r *recipeReader, i instruction) {
	last := s.lines[len(s.lines)-1]
	i.workdir, i.env = last.workdir, last.env
	switch c := i.command.(type) {
	case *instructions.WorkdirCommand:
		i.workdir = absolute(r.expand(c.Path, i.env), i.workdir)
	case *instructions.EnvCommand:
		i.env = r.environment(c, i.env)
	case *instructions.ArgCommand:
		i.env, _ = r.arguments(c, i.env, r.global, false)
	}
	if expose, ok := i.command.(*instructions.ExposeCommand); ok {
		for _, port := range expose.Ports {
			i.ports = append(i.ports, r.expand(port, i.env))
		}
	}
	if run, isRun := i.command.(*instructions.RunCommand); isRun {
		for _, mount := range instructions.GetMounts(run) {
			i.mounts = append(i.mounts, r.expand(mount.From, i.env))
		}
	}
	i.copy = r.copied(i)
	s.lines = append(s.lines, i)
	s.steps = append(s.steps, r.stepsOf(i)...)
}

// environment carries out ENV: all of a line's values see the variables of the lines before.
func (r *recipeReader) environment(c *instructions.EnvCommand, before map[string]string) map[string]string {
	after := maps.Clone(before)
	for _, pair := range c.Env {
		if value := r.expand(pair.Value, before); value.open {
			delete(after, pair.Key) // unknown from here on
		} else {
			after[pair.Key] = value.text
		}
	}
	return after
}

// arguments carries out ARG. In a stage, one without a value has that of an ARG before the first FROM; any other is only known
// to the build.
func (r *recipeReader) arguments(c *instructions.ArgCommand, before, global map[string]string, first bool) (after map[string]string, open []string) {
	after = maps.Clone(before)
	for _, arg := range c.Args {
		value, given := global[arg.Key]
		if arg.Value != nil {
			expanded := r.expand(*arg.Value, after)
			value, given = expanded.text, !expanded.open
		}
		if set, ok := r.args[arg.Key]; ok {
			value, given = set, true
		}
		r.declared[arg.Key] = true
		if given {
			after[arg.Key] = value
		} else if first || arg.Value != nil {
			delete(after, arg.Key)
			open = append(open, arg.Key)
		}
	}
	return after, open
}

// expand fills variables in. A word that the shell's rules do not allow, or that grows too long, is open.
func (r *recipeReader) expand(text string, env map[string]string) word {
	result, err := r.lex.ProcessWordWithMatches(text, variables(env))
	switch {
	case err != nil || strings.Contains(text, notText):
		return word{text, true}
	case len(result.Result) > maxWord:
		return word{text, true}
	}
	return word{result.Result, len(result.Unmatched) > 0}
}

// variables is a set of variables as the library asks for them.
type variables map[string]string

func (v variables) Get(name string) (string, bool) { value, ok := v[name]; return value, ok }

func (v variables) Keys() []string { return slices.Sorted(maps.Keys(v)) }

// copied is what an instruction copies; nil where it is no COPY or ADD.
func (r *recipeReader) copied(i instruction) *copied {
	c := &copied{}
	var paths instructions.SourcesAndDest
	switch command := i.command.(type) {
	case *instructions.CopyCommand:
		paths, c.parents, c.exclude = command.SourcesAndDest, command.Parents, command.ExcludePatterns
		c.from = r.expand(command.From, r.global)
		if c.from.open { // BuildKit fills in the stage's variables too
			c.from = r.expand(command.From, i.env)
		}
	case *instructions.AddCommand:
		paths, c.exclude = command.SourcesAndDest, command.ExcludePatterns
		c.unpacks = command.Unpack == nil || *command.Unpack
	default:
		return nil
	}
	c.written = paths.DestPath
	c.dest = absolute(r.expand(paths.DestPath, i.env), i.workdir)
	for _, source := range paths.SourcePaths {
		c.sources = append(c.sources, r.expand(source, i.env))
	}
	for _, content := range paths.SourceContents {
		c.heredocs = append(c.heredocs, r.heredoc(content, i.env))
	}
	return c
}

// heredoc is a file of the Dockerfile's own, with its variables filled in unless its end is quoted.
func (r *recipeReader) heredoc(content instructions.SourceContent, env map[string]string) heredoc {
	h := heredoc{name: content.Path, text: content.Data}
	if !content.Expand {
		return h
	}
	lex := *r.lex
	lex.RawQuotes, lex.SkipProcessQuotes = true, true
	result, err := lex.ProcessWordWithMatches(content.Data, variables(env))
	if err == nil {
		h.text, h.emptied = result.Result, slices.Sorted(maps.Keys(result.Unmatched))
	}
	return h
}

// isRemote reports whether a source is fetched from elsewhere.
func isRemote(source string) bool {
	return strings.Contains(source, "://") || strings.HasPrefix(source, "git@")
}

// absolute is a path in the image; a slash at its end is kept.
func absolute(name, workdir word) word {
	text := name.text
	slash := strings.HasSuffix(text, "/") || text == "." || strings.HasSuffix(text, "/.")
	open := name.open
	if !path.IsAbs(text) {
		text = path.Join(workdir.text, text)
		open = open || workdir.open
	}
	text = path.Clean(text)
	if slash && text != "/" {
		text += "/"
	}
	return word{text, open}
}

// stageNamed finds a stage among the first limit ones by its name.
func (r *recipe) stageNamed(name string, limit int) (int, bool) {
	for i := limit - 1; i >= 0; i-- {
		if r.stages[i].name != "" && r.stages[i].name == strings.ToLower(name) {
			return i, true
		}
	}
	return 0, false
}

// stageOf finds the stage that COPY --from names, by name or by number.
func (r *recipe) stageOf(from string, limit int) (int, bool) {
	if n, err := strconv.Atoi(from); err == nil && n >= 0 && n < limit {
		return n, true
	}
	return r.stageNamed(from, limit)
}

func (r *recipe) final() *stage {
	if len(r.stages) == 0 {
		return nil
	}
	return r.stages[len(r.stages)-1]
}

// finalLines lists the instructions that make the image: those of the last stage and of the stages that it builds on, the
// earliest first.
func (r *recipe) finalLines() []instruction {
	var list []instruction
	for i, ok := len(r.stages)-1, len(r.stages) > 0; ok; i, ok = r.stageNamed(r.stages[i].base.text, i) {
		list = append(slices.Clone(r.stages[i].lines), list...)
	}
	return list
}

// baseOf is the image that a stage builds on, through other stages.
func (r *recipe) baseOf(stage int) word {
	base := word{}
	for i, ok := stage, stage >= 0; ok; i, ok = r.stageNamed(r.stages[i].base.text, i) {
		base = r.stages[i].base
	}
	return base
}
