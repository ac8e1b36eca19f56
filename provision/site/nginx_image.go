package site

import (
	"bytes"
	"cmp"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision/site/nginxconf"
)

// nginxImage is what the Dockerfile, the volumes and the start scripts tell of nginx in the image.
type nginxImage struct {
	root   fs.FS
	site   Site
	recipe *recipe

	base    string // the image that the last stage comes to build on
	stock   *stock // nil: what that brings is not known
	modules bool   // it may have modules that nginx does not bring
	main    string // path of the main configuration
	read    []File // what nginx reads, from the source
	parsed  map[string]*nginxconf.File

	// The line that makes configuration which cannot be seen here; empty: there is none.
	unseen, unseenIn string
	unseenLine       int
}

// readNginx finds what nginx will read in the image, from its main configuration on.
func readNginx(root fs.FS, in Input) *nginxImage {
	known := &nginxImage{root: root, site: in.Site, recipe: in.recipe, parsed: map[string]*nginxconf.File{}}
	if len(in.recipe.stages) > 0 {
		base := in.recipe.baseOf(len(in.recipe.stages) - 1)
		known.base = base.text
		if isStockNginx(base) {
			known.stock = stockOf(baseName(base.text))
		}
		known.lookAtStart(in)
	}
	known.main = known.findMain(in)
	known.follow()
	if !slices.ContainsFunc(known.read, func(f File) bool { return f.At != known.main }) && in.recipe.context.has(DefaultConfigPath) {
		f := readFile(root, DefaultConfigPath) // the tutorial's, of which nothing tells where it goes
		f.At = f.Path
		known.read = append(known.read, f)
	}
	return known
}

// note keeps the first line that makes configuration which cannot be seen here.
func (known *nginxImage) note(file string, line int, evidence string) {
	if known.unseen == "" {
		known.unseen, known.unseenIn, known.unseenLine = cmp.Or(strings.TrimSpace(evidence), file), file, line
	}
}

func (known *nginxImage) noteLine(line int) {
	text := ""
	for _, i := range known.recipe.finalLines() {
		if i.line == line {
			text, _, _ = strings.Cut(i.text, "\n")
		}
	}
	known.note(known.recipe.file, line, text)
}

// findMain is the file that nginx is started with, by -c, or that the place of which the image has one.
func (known *nginxImage) findMain(in Input) string {
	text := strings.Join(in.Site.Command, " ")
	for _, command := range in.recipe.startCommands(in.Site.Command) {
		text += "\n" + strings.Join(command, " ")
	}
	for _, f := range in.Scripts {
		text += "\n" + string(f.Content)
	}
	if found := mainOption.FindStringSubmatch(text); found != nil {
		return found[1]
	}
	for _, name := range []string{"/usr/local/nginx/conf/nginx.conf", "/usr/local/openresty/nginx/conf/nginx.conf", "/opt/nginx/conf/nginx.conf"} {
		if _, state := known.file(name); state == stateFile || state == stateUnknown && strings.HasPrefix(baseName(known.base), "openresty/") {
			return name
		}
	}
	return "/etc/nginx/nginx.conf"
}

var mainOption = regexp.MustCompile(`(?m)(?:^|[/\s])(?:nginx|openresty)["']?(?:\s+-[^c\s]\S*(?:\s+["'][^"'\n]*["'])?)*\s+-c\s*["']?(/[^\s"';]+)`)

// file is a file of the image, and what is known of it.
func (known *nginxImage) file(at string) (File, state) {
	for _, volume := range known.site.Volumes {
		from, to, ok := mount(volume)
		rest, inside := under(at, to)
		if !ok || !inside {
			continue
		}
		local, own := strings.CutPrefix(path.Join(from, rest), strings.TrimSuffix(known.site.Directory, "/")+"/")
		if !own || !known.recipe.context.has(local) {
			known.note(known.recipe.file, 0, volume)
			return File{}, stateUnknown
		}
		f := readFile(known.root, local)
		f.At = at
		return f, stateFile
	}
	placed := known.recipe.image().at(at)
	if placed.state != stateFile {
		return File{}, placed.state
	}
	if placed.source != "" {
		f := readFile(known.root, placed.source)
		f.At = at
		return f, stateFile
	}
	lines := placed.line // a text of the Dockerfile's own, line for line where it has it
	if strings.Count(placed.text, "\n") < 2 {
		lines--
	}
	return File{Path: known.recipe.file, At: at, Fixed: true, Content: []byte(strings.Repeat("\n", max(lines, 0)) + placed.text)}, stateFile
}

// mount is what a volume brings where.
func mount(volume string) (from, to string, ok bool) {
	parts := strings.Split(volume, ":")
	if len(parts) < 2 {
		return "", "", false
	}
	return path.Clean(parts[0]), path.Clean(parts[1]), true
}

// list is where the files of a pattern are, and notes where there may be others.
func (known *nginxImage) list(pattern string) []string {
	if !isPattern(pattern) {
		return []string{pattern}
	}
	var list []string
	folder := path.Dir(pattern)
	add := func(name string) {
		if included(pattern, name) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	for _, volume := range known.site.Volumes {
		from, to, ok := mount(volume)
		if rest, inside := under(folder, to); ok && inside {
			local, own := strings.CutPrefix(path.Join(from, rest), strings.TrimSuffix(known.site.Directory, "/")+"/")
			if !own {
				known.note(known.recipe.file, 0, volume)
			}
			for _, entry := range known.recipe.context.entries(local) {
				add(path.Join(folder, entry.Name()))
			}
			return list
		} else if ok && path.Dir(to) == folder {
			add(to)
		}
	}
	image := known.recipe.image()
	found, _ := glob(image, pattern)
	for _, f := range found {
		add(f.path)
	}
	if line := image.hidden(folder); line > 0 {
		known.noteLine(line)
	}
	slices.Sort(list)
	return list
}

// hidden is the line that may put more into a folder than is known; 0 where there is none.
func (f stageFiles) hidden(folder string) int {
	if f.stage < 0 {
		return 0
	}
	for i, step := range f.r.stages[f.stage].steps[:f.steps] {
		before := stageFiles{f.r, f.stage, i}
		if p, ok := step.step.(put); ok && p.passes(folder) {
			continue
		}
		_, sure := step.adds(before, folder)
		o, isOpaque := step.step.(opaque)
		if !sure || isOpaque && slices.ContainsFunc(o.words, func(w word) bool { return before.scriptMentions(w.text, path.Base(folder)) }) {
			return step.line
		}
	}
	if base, ok := f.base(); ok {
		return base.hidden(folder)
	}
	return 0
}

// passes reports whether a copy certainly brings nothing into a folder of nginx's: the base image's own folder is none of these.
func (p put) passes(folder string) bool {
	if strings.HasPrefix(p.dest.text+"/", unknownDir+"/") {
		return true
	}
	rest, inside := under(folder, path.Clean(p.dest.text))
	return p.parents && !p.dest.open && inside && !slices.ContainsFunc(p.sources, func(source word) bool {
		_, pattern, ok := strings.Cut(source.text, "/./")
		if !ok {
			pattern = source.text
		}
		pattern = contextPath(pattern) + "/"
		return source.open || isPattern(pattern) || pattern == "./" || strings.HasPrefix(pattern, rest+"/") || strings.HasPrefix(rest+"/", pattern)
	})
}

// maxConfigs bounds the files of one configuration.
const maxConfigs = 500

// follow reads the files of the configuration, each include followed.
func (known *nginxImage) follow() {
	known.templates()
	todo := []string{known.main}
	seen := map[string]bool{}
	for ; len(todo) > 0 && len(seen) < maxConfigs; todo = todo[1:] {
		for _, at := range known.list(todo[0]) {
			if seen[at] {
				continue
			}
			seen[at] = true
			if slices.ContainsFunc(known.read, func(f File) bool { return f.At == at }) {
				continue // a template
			}
			f, state := known.file(at)
			switch {
			case state == stateFile:
				known.read = append(known.read, f)
				todo = append(todo, includesIn(string(f.Content), path.Dir(known.main))...)
			case state == stateUnknown:
				known.noteLine(known.recipe.image().at(at).line)
			}
			if at == known.main && state != stateFile {
				todo = append(todo, includesIn(known.mainText(), path.Dir(known.main))...)
			}
		}
	}
}

// templates reads what the entry point of nginx's own images renders, with the environment that is known.
func (known *nginxImage) templates() {
	if known.stock == nil {
		return
	}
	const folder = "/etc/nginx/templates"
	env := map[string]string{}
	for _, i := range known.recipe.finalLines() {
		maps.Copy(env, i.env)
	}
	maps.Copy(env, known.site.Environment)
	var pairs []string
	for name, value := range env {
		pairs = append(pairs, "${"+name+"}", value)
	}
	for _, at := range known.list(folder + "/*.template") {
		f, state := known.file(at)
		if state != stateFile {
			known.noteLine(known.recipe.image().at(at).line)
			continue
		}
		f.At = path.Join("/etc/nginx/conf.d", strings.TrimSuffix(path.Base(at), ".template"))
		text := []byte(strings.NewReplacer(pairs...).Replace(string(f.Content)))
		if open := placeholder.FindIndex(text); open != nil {
			line := bytes.Count(text[:open[0]], []byte("\n")) + 1
			known.note(f.Path, line, lineOf(string(text), line))
		}
		f.Fixed = f.Fixed || !bytes.Equal(text, f.Content)
		f.Content = text
		known.read = append(known.read, f)
	}
}

// placeholder is a variable of the environment that nobody has given a value yet.
var placeholder = regexp.MustCompile(`\$\{[A-Z_][A-Z0-9_]*\}`)

var includeLine = regexp.MustCompile(`(?m)(?:^|[;{}])[ \t]*include\s+["']?([^;"'{}]+?)["']?\s*;`)

// includesIn lists the patterns that a text includes, as absolute paths.
func includesIn(text, folder string) []string {
	var list []string
	for _, found := range includeLine.FindAllStringSubmatch(text, -1) {
		name := found[1]
		if !path.IsAbs(name) {
			name = path.Join(folder, name)
		}
		list = append(list, path.Clean(name))
	}
	return list
}

func (known *nginxImage) mainText() string {
	if known.stock != nil && known.main == "/etc/nginx/nginx.conf" {
		return known.stock.main
	}
	return unknownMain
}

// mainDirectives is the main configuration: the site's, the base image's, or one like most.
func (known *nginxImage) mainDirectives() []*nginxconf.Directive {
	if file := known.parsed[known.main]; file != nil {
		return file.Directives
	}
	file, err := nginxconf.Parse("", known.mainText())
	if err != nil {
		return nil
	}
	list := slices.Clone(file.Directives)
	for at, f := range known.parsed {
		if at == f.Path { // the tutorial's file
			i := slices.IndexFunc(list, func(d *nginxconf.Directive) bool { return d.Name == "http" })
			http := *list[i]
			http.Block = append(slices.Clone(http.Block), f.Directives...)
			list[i] = &http
		}
	}
	return list
}

// open finds the files of an include.
func (known *nginxImage) open(include *nginxconf.Directive) ([]*nginxconf.File, bool) {
	pattern := known.configPath(include.Value())
	var files []*nginxconf.File
	names := map[string]*nginxconf.File{}
	for at, f := range known.parsed {
		if included(pattern, at) {
			names[at] = f
		}
	}
	if known.stock != nil {
		at := "/etc/nginx/conf.d/default.conf"
		if included(pattern, at) && names[at] == nil {
			if _, state := known.file(at); state == stateBase {
				names[at], _ = nginxconf.Parse("", known.stock.server)
			}
		}
	}
	for _, at := range slices.Sorted(maps.Keys(names)) {
		files = append(files, names[at])
	}
	return files, len(files) > 0 || isPattern(pattern) || known.inBase(pattern)
}

// included reports whether an include means a file. As for a shell, a pattern does not mean names that begin with a dot.
func included(pattern, name string) bool {
	if name == pattern {
		return true
	}
	ok, _ := path.Match(pattern, name)
	return ok && (!strings.HasPrefix(path.Base(name), ".") || strings.HasPrefix(path.Base(pattern), "."))
}

// inBase reports whether nginx's images and packages bring a file that may be included and has no servers.
func (known *nginxImage) inBase(at string) bool {
	names := []string{"mime.types", "fastcgi_params", "fastcgi.conf", "scgi_params", "uwsgi_params", "proxy_params", "koi-utf", "koi-win", "win-utf"}
	if known.stock != nil {
		names = known.stock.files
	}
	return path.Dir(at) == path.Dir("/etc/nginx/x") && slices.Contains(names, path.Base(at))
}
