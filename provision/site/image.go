package site

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"
)

// state is what the Dockerfile and the build context prove of a path in the image.
type state int

const (
	stateBase    state = iota // no line of the Dockerfile puts anything there: the base image may
	stateAbsent               // nothing is there
	stateFile                 // a file whose content is known
	stateFolder               // a folder
	stateUnknown              // what a line does to it only the build knows
	stateLink                 // leads to text; at follows it
)

// placed is what is known of a path in the image.
type placed struct {
	state
	path   string // in the image
	source string // of a file: its path in the build context; empty: the Dockerfile itself holds it
	text   string // of a file that the Dockerfile itself holds
	line   int    // of the Dockerfile, that put it there or that hides what is there
}

// image tells what lies where in the image that the last stage makes. Nothing is guessed: what a RUN, an open variable, an
// archive or another image may have put or changed somewhere is stateUnknown there.
func (r *recipe) image() stageFiles {
	return stageFiles{r, len(r.stages) - 1, r.steps(len(r.stages) - 1)}
}

func (r *recipe) steps(stage int) int {
	if stage < 0 {
		return 0
	}
	return len(r.stages[stage].steps)
}

// stepsBefore is how many of a stage's steps stand before a line.
func (s *stage) stepsBefore(line int) int {
	if i := slices.IndexFunc(s.steps, func(step lineStep) bool { return step.line >= line }); i >= 0 {
		return i
	}
	return len(s.steps)
}

// files are those of an image or of the build context.
type files interface {
	// at is what is known of a path, which is clean, and absolute in an image.
	at(name string) placed
	// names lists what lies directly in a folder. It is whole where nothing else can be there.
	names(folder string) (names []string, whole bool)
}

// stageFiles are the files of a stage behind some of its steps.
type stageFiles struct {
	r     *recipe
	stage int
	steps int
}

type placeKey struct {
	stage, steps int
	path         string
}

// at implements files.
func (f stageFiles) at(name string) placed {
	name = path.Clean("/" + name)
	key := placeKey{f.stage, f.steps, name}
	found, known := f.r.places[key]
	if !known {
		f.r.places[key] = placed{state: stateUnknown, path: name} // a link that leads to itself
		if found = f.find(name); found.state == stateLink {
			line := found.line
			if found = f.at(found.text); found.state != stateUnknown {
				found.line = line
			}
		}
		found.path = name
		f.r.places[key] = found // stages that copy from each other would be searched again and again
	}
	return found
}

// find goes back from the last step to the one that decides.
func (f stageFiles) find(name string) placed {
	if f.stage < 0 || f.r.frontend != "" {
		return placed{state: stateUnknown}
	}
	s := f.r.stages[f.stage]
	for f.steps > 0 {
		f.steps--
		if found, touched := s.steps[f.steps].effect(f, name); touched {
			if found.line == 0 {
				found.line = s.steps[f.steps].line
			}
			return found
		}
	}
	if base, ok := f.base(); ok {
		return base.at(name)
	}
	switch {
	case name == "/":
		return placed{state: stateFolder}
	case s.base.text == "scratch":
		return placed{state: stateAbsent}
	case slices.Contains(baseFolders(s.base), name):
		return placed{state: stateFolder}
	}
	return placed{state: stateBase}
}

// opaque reports whether a step ran a program of which nobody knows what it made.
func (f stageFiles) opaque() bool {
	if slices.ContainsFunc(f.r.stages[f.stage].steps[:f.steps], func(s lineStep) bool { _, is := s.step.(opaque); return is }) {
		return true
	}
	base, ok := f.base()
	return ok && base.opaque()
}

// base are the files of the stage that a stage builds on.
func (f stageFiles) base() (stageFiles, bool) {
	i, ok := f.r.stageNamed(f.r.stages[f.stage].base.text, f.stage)
	if !ok {
		return stageFiles{}, false
	}
	return stageFiles{f.r, i, f.r.steps(i)}, true
}

// names implements files.
func (f stageFiles) names(folder string) ([]string, bool) {
	folder = path.Clean("/" + folder)
	if f.stage < 0 || f.r.frontend != "" {
		return nil, false
	}
	s := f.r.stages[f.stage]
	found, whole := map[string]bool{}, s.base.text == "scratch"
	if base, ok := f.base(); ok {
		var list []string
		list, whole = base.names(folder)
		for _, name := range list {
			found[name] = true
		}
	}
	for i, step := range s.steps[:f.steps] {
		list, sure := step.adds(stageFiles{f.r, f.stage, i}, folder)
		whole = whole && sure
		for _, name := range list {
			found[name] = true
		}
	}
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(found)), func(name string) bool {
		return f.at(path.Join(folder, name)).state == stateAbsent
	})
	return names, whole
}

// glob lists the files that a pattern means, as nginx includes them and COPY names them. It is whole where no others can be.
func glob(in files, pattern string) (found []placed, whole bool) {
	parts := strings.Split(strings.TrimPrefix(path.Clean(pattern), "/"), "/")
	folders, whole := []string{"/"}, true
	for n, part := range parts {
		var next []string
		for _, folder := range folders {
			if !isPattern(part) {
				next = append(next, path.Join(folder, part))
				continue
			}
			names, all := in.names(folder)
			whole = whole && all
			for _, name := range names {
				if ok, _ := path.Match(part, name); ok {
					next = append(next, path.Join(folder, name))
				}
			}
		}
		if folders = next; n == len(parts)-1 {
			break
		}
	}
	for _, name := range folders {
		if at := in.at(name); at.state != stateAbsent {
			found = append(found, at)
		}
	}
	return found, whole
}

// step is one thing that an instruction does to the files.
type step interface {
	// effect is what the step makes of a path; touched is false where it leaves it as it was. before are the files before it.
	effect(before stageFiles, name string) (found placed, touched bool)
	// adds lists what the step puts directly into a folder. It is sure where nothing else can come to be there.
	adds(before stageFiles, folder string) (names []string, sure bool)
}

// lineStep is a step with the line that it stands in.
type lineStep struct {
	step
	line int
}

// put is COPY and ADD, and cp and mv in a RUN.
type put struct {
	from      files // nil: another image, of which nothing is known
	sources   []word
	heredocs  []heredoc
	dest      word
	asFolder  bool // a folder is put as such, where COPY puts its content (cp -r)
	parents   bool
	unpacks   bool
	exclude   []string
	fromImage bool // from are the files of the image itself: those before the step
}

// stepsOf are the steps of an instruction.
func (r *recipeReader) stepsOf(i instruction) []lineStep {
	var list []lineStep
	add := func(s step) { list = append(list, lineStep{s, i.line}) }
	if c := i.copy; c != nil {
		p := put{sources: c.sources, heredocs: c.heredocs, dest: c.dest, parents: c.parents, unpacks: c.unpacks, exclude: c.exclude}
		switch stage, ok := r.stageOf(c.from.text, len(r.stages)-1); {
		case c.from.text == "":
			p.from = contextFiles{r.recipe}
		case ok && !c.from.open:
			p.from = stageFiles{r.recipe, stage, r.steps(stage)}
		}
		add(p)
		return list
	}
	for _, s := range r.runSteps(i) {
		add(s)
	}
	if i.name == "workdir" {
		add(makeFolder{i.workdir})
	}
	return list
}

// effect implements step.
func (p put) effect(before stageFiles, name string) (placed, bool) {
	dest := path.Clean(p.dest.text)
	rest, below := under(name, dest)
	above := dest == name || strings.HasPrefix(dest, strings.TrimSuffix(name, "/")+"/")
	switch {
	case p.dest.open:
		return placed{state: stateUnknown}, true
	case !below && !above && !mayBe(name, dest):
		return placed{}, false
	case !below && !above:
		if p.mayBring(before, name, dest) {
			return placed{state: stateUnknown}, true
		}
		return placed{}, false
	}
	folder := p.intoFolder(before)
	for n := len(p.heredocs) - 1; n >= 0; n-- {
		h := p.heredocs[n]
		if folder == yes && rest == h.name || folder == no && name == dest {
			return placed{state: stateFile, text: h.text}, true
		} else if below && folder == maybe {
			return placed{state: stateUnknown}, true
		}
	}
	for n := len(p.sources) - 1; n >= 0; n-- {
		if found, touched := p.bring(before, p.sources[n], rest, below, folder); touched {
			return found, true
		}
	}
	if above && (name != dest || folder == yes) {
		return placed{state: stateFolder}, true
	}
	return placed{}, false
}

// bring is what one source puts at rest below the destination.
func (p put) bring(before stageFiles, source word, rest string, below bool, folder answer) (placed, bool) {
	if !below {
		return placed{}, false
	}
	from := p.origin(before)
	if from == nil || source.open || isRemote(source.text) || p.unpacks && isArchive(source.text) {
		return placed{state: stateUnknown}, true
	}
	if p.parents {
		return p.bringParents(from, source.text, rest)
	}
	names, whole := glob(from, sourcePath(source.text))
	for _, at := range names {
		inner, hit := rest, false
		switch {
		case at.state == stateFolder && p.asFolder:
			inner, hit = under("/"+rest, "/"+path.Base(at.path))
			if folder != yes {
				inner, hit = rest, folder == no
			}
		case at.state == stateFolder:
			hit = true
		case folder == yes:
			hit, inner = rest == path.Base(at.path), ""
		case folder == no:
			hit = rest == ""
		}
		if folder == maybe && (at.state != stateFolder || p.asFolder) && (rest == "" || rest == path.Base(at.path)) || at.state == stateUnknown || at.state == stateBase {
			return placed{state: stateUnknown}, true
		}
		if !hit || p.excluded(inner) {
			continue
		}
		if found := from.at(path.Join(at.path, inner)); found.state != stateAbsent {
			return found.carried(), true
		}
	}
	if !whole {
		return placed{state: stateUnknown}, true
	}
	return placed{}, false
}

// carried is what is known of a path behind a copy: what a base image has is unknown elsewhere.
func (p placed) carried() placed {
	if p.state == stateBase {
		p.state = stateUnknown
	}
	p.line = 0
	return p
}

// bringParents is COPY --parents: the source's folders are kept, from /./ on where the source has it.
func (p put) bringParents(from files, source, rest string) (placed, bool) {
	pivot, pattern, ok := strings.Cut(source, "/./")
	if !ok {
		pivot, pattern = "", source
	}
	pattern = strings.Trim(path.Clean("/"+pattern), "/")
	matched := pattern == ""
	for part := rest; part != "." && part != "" && !matched; part = path.Dir(part) {
		matched = part == pattern || matches(pattern, part)
	}
	if !matched || p.excluded(rest) {
		return placed{}, false
	}
	if found := from.at(path.Join("/", pivot, rest)); found.state != stateAbsent {
		return found.carried(), true
	}
	return placed{}, false
}

// excluded reports whether --exclude keeps a path below a source from being copied; a source that is a file is not asked.
func (p put) excluded(inner string) bool {
	return inner != "" && slices.ContainsFunc(p.exclude, func(pattern string) bool {
		m, err := newMatcher(pattern)
		if err != nil {
			return false
		}
		hit, _ := m.MatchesOrParentMatches(inner)
		return hit
	})
}

// newMatcher is Docker's matcher for one pattern. Its scanner writes about what is no text to stderr.
func newMatcher(pattern string) (*patternmatcher.PatternMatcher, error) {
	pattern = strings.ReplaceAll(strings.ToValidUTF8(pattern, notText), "\x00", notText)
	return patternmatcher.New([]string{pattern})
}

func (p put) origin(before stageFiles) files {
	if p.fromImage {
		return before
	}
	return p.from
}

// answer is one that need not be known.
type answer int

const (
	no answer = iota
	maybe
	yes
)

// intoFolder reports whether the destination is a folder that files are put into.
func (p put) intoFolder(before stageFiles) answer {
	if strings.HasSuffix(p.dest.text, "/") {
		return yes
	}
	return isFolder(before, path.Clean(p.dest.text))
}

// isFolder reports whether a path is a folder. One of a base image that is known is one only where the table has it.
func isFolder(in stageFiles, name string) answer {
	switch at := in.at(name); at.state {
	case stateFolder:
		return yes
	case stateAbsent, stateFile:
		return no
	case stateBase:
		// A name with an ending is a file's, but for conf.d and its like.
		if end := path.Ext(name); isKnownBase(in.r.baseOf(in.stage)) && !in.opaque() || end != "" && end != ".d" {
			return no
		}
	}
	return maybe
}

// adds implements step.
func (p put) adds(before stageFiles, folder string) (list []string, sure bool) {
	dest := path.Clean(p.dest.text)
	if p.dest.open || mayBe(folder, dest) {
		return nil, false
	}
	if rest, inside := under(dest, folder); inside && rest != "" {
		first, _, _ := strings.Cut(rest, "/")
		return []string{first}, true
	}
	rest, inside := under(folder, dest)
	if !inside {
		return nil, true
	}
	sure = true
	from := p.origin(before)
	for _, h := range p.heredocs {
		list = append(list, h.name)
	}
	for _, source := range p.sources {
		if from == nil || source.open || isRemote(source.text) || p.parents || p.unpacks && isArchive(source.text) {
			sure = false
			continue
		}
		found, whole := glob(from, sourcePath(source.text))
		sure = sure && whole
		for _, at := range found {
			if at.state != stateFolder || p.asFolder {
				list = append(list, path.Base(at.path))
				sure = sure && at.state != stateFolder
				continue
			}
			inner, all := from.names(path.Join(at.path, rest))
			list, sure = append(list, inner...), sure && all
		}
	}
	return list, sure
}

// under is the path of name below folder: empty for the folder itself.
func under(name, folder string) (rest string, ok bool) {
	if name == folder {
		return "", true
	}
	if folder == "/" {
		return strings.TrimPrefix(name, "/"), true
	}
	return strings.CutPrefix(name, folder+"/")
}

// mayBe reports whether one of two paths lies in the base image's own folder, of which nobody knows where it is, and the other
// does not.
func mayBe(name, other string) bool {
	return strings.HasPrefix(name+"/", unknownDir+"/") != strings.HasPrefix(other+"/", unknownDir+"/")
}

// mayBring reports whether a copy to the base image's own folder could bring a path elsewhere: where the end of the path is in
// what is copied.
func (p put) mayBring(before stageFiles, name, dest string) bool {
	if !strings.HasPrefix(dest+"/", unknownDir+"/") {
		return false
	}
	for rest := strings.TrimPrefix(name, "/"); rest != ""; {
		q := p
		q.dest.text = unknownDir + "/"
		inner, ok := under(unknownDir+"/"+rest, dest)
		if ok {
			for _, source := range p.sources {
				if _, touched := q.bring(before, source, inner, true, maybe); touched {
					return true
				}
			}
		}
		_, rest, _ = strings.Cut(rest, "/")
	}
	return false
}

// isArchive reports whether ADD takes a file apart.
func isArchive(name string) bool {
	for _, end := range []string{".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".gz", ".bz2", ".xz", ".zst"} {
		if strings.HasSuffix(strings.ToLower(name), end) {
			return true
		}
	}
	return false
}

// sourcePath is a source of COPY as a path from the root of where it is looked for.
func sourcePath(source string) string { return path.Clean("/" + source) }

// makeFolder is WORKDIR, and mkdir in a RUN.
type makeFolder struct{ folder word }

// effect implements step.
func (m makeFolder) effect(_ stageFiles, name string) (placed, bool) {
	if m.folder.open {
		return placed{}, false
	}
	if _, inside := under(path.Clean(m.folder.text), name); inside {
		return placed{state: stateFolder}, true
	}
	return placed{}, false
}

// adds implements step.
func (m makeFolder) adds(_ stageFiles, folder string) ([]string, bool) {
	rest, inside := under(path.Clean(m.folder.text), folder)
	if m.folder.open || !inside || rest == "" {
		return nil, true
	}
	first, _, _ := strings.Cut(rest, "/")
	return []string{first}, true
}
