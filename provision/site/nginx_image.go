package site

import (
	"cmp"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision/site/nginxconf"
)

// nginxImage is what the Dockerfile, the volumes and the start scripts tell of nginx in the image.
type nginxImage struct {
	stock  *stock // nil: what the base image brings is not known
	brings bool   // the base image brings a configuration that is known
	main   string // path of the main configuration
	at     map[string]File
	gone   func(at string) bool // a RUN takes it out of the base image
	read   []File               // what nginx reads, from the source
	parsed map[string]*nginxconf.File

	// The line that makes configuration which cannot be seen here; empty: there is none.
	unseen, unseenIn string
	unseenLine       int
}

func (x *examiner) nginxImage() *nginxImage {
	known := &nginxImage{
		main: "/etc/nginx/nginx.conf", at: map[string]File{}, parsed: map[string]*nginxconf.File{}, gone: func(string) bool { return false },
	}
	if x.recipe != nil {
		known.stock = stockOf(x.recipe.baseImage())
		known.brings = known.stock != nil
		known.gone = func(at string) bool { return x.recipe.removes(at, 0) }
		x.lookForUnseen(known)
	}
	for _, f := range x.in.Configs {
		known.at[f.At] = f
		if path.Base(f.At) == "nginx.conf" && nginxPath(f.At) && !nginxPath(path.Dir(path.Dir(f.At))) {
			known.main = f.At // of /usr/local/nginx, for example
		}
		if f.Template && known.unseen == "" {
			if at := placeholder.FindIndex(f.Content); at != nil {
				line := strings.Count(string(f.Content[:at[0]]), "\n") + 1
				known.unseen, known.unseenIn, known.unseenLine = lineOf(string(f.Content), line), f.Path, line
			}
		}
	}
	known.main = cmp.Or(x.mainByOption(), known.main)
	known.follow()
	return known
}

// placeholder is a variable of the environment that nobody has given a value yet.
var placeholder = regexp.MustCompile(`\$\{[A-Z_][A-Z0-9_]*\}`)

// mainByOption is the file that nginx is started with, by -c.
func (x *examiner) mainByOption() string {
	words := slices.Clone(x.in.Site.Command)
	if x.recipe != nil {
		words = append(words, x.recipe.startWords()...)
	}
	for _, f := range x.in.Scripts {
		words = append(words, string(f.Content))
	}
	words = strings.Fields(strings.Join(words, " "))
	for i, word := range words {
		if path.Base(strings.Trim(word, `"'`)) != "nginx" {
			continue
		}
		for j := i + 1; j+1 < len(words) && strings.HasPrefix(words[j], "-"); j++ {
			if words[j] == "-c" {
				return strings.Trim(words[j+1], `"';`)
			}
		}
	}
	return ""
}

// follow finds what nginx reads, from the main configuration on.
func (known *nginxImage) follow() {
	todo := []string{known.main}
	if known.at[known.main].Path == "" {
		todo = includesIn(known.mainText(), path.Dir(known.main))
	}
	seen := map[string]bool{}
	for ; len(todo) > 0; todo = todo[1:] {
		for _, at := range slices.Sorted(maps.Keys(known.at)) {
			if ok, _ := path.Match(todo[0], at); !ok && at != todo[0] || seen[at] {
				continue
			}
			seen[at] = true
			f := known.at[at]
			known.read = append(known.read, f)
			todo = append(todo, includesIn(string(f.Content), path.Dir(known.main))...)
		}
	}
	for at, f := range known.at { // the tutorial's file, of which nothing tells where it goes
		if at == f.Path && !seen[at] && (len(known.read) == 0 || len(known.read) == 1 && known.read[0].At == known.main) {
			known.read = append(known.read, f)
		}
	}
}

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
		if ok, _ := path.Match(pattern, at); ok || at == pattern {
			names[at] = f
		}
	}
	if known.stock != nil {
		at := "/etc/nginx/conf.d/default.conf"
		if ok, _ := path.Match(pattern, at); ok && known.at[at].Path == "" && !known.gone(at) {
			names[at], _ = nginxconf.Parse("", known.stock.server)
		}
	}
	for _, at := range slices.Sorted(maps.Keys(names)) {
		files = append(files, names[at])
	}
	return files, len(files) > 0 || isPattern(pattern) || known.inBase(pattern)
}

// inBase reports whether nginx's images and packages bring a file that may be included and has no servers.
func (known *nginxImage) inBase(at string) bool {
	names := []string{"mime.types", "fastcgi_params", "fastcgi.conf", "scgi_params", "uwsgi_params", "proxy_params", "koi-utf", "koi-win", "win-utf"}
	if known.stock != nil {
		names = known.stock.files
	}
	return path.Dir(at) == path.Dir("/etc/nginx/x") && slices.Contains(names, path.Base(at))
}

// Read's part: which files of the source the image has, and where.

// placement is a file of the source at its place in the image.
type placement struct {
	local, at string
	line      int // of the Dockerfile
}

// maxWalked bounds the files of a source that are looked at for configurations.
const maxWalked = 20000

// placements finds where the image has the files of the source: COPY and ADD, and the cp, mv and ln of RUN and of start scripts.
func (r *recipe) placements(root fs.FS, s Site, scripts []File) []placement {
	var list []placement
	walked := 0
	_ = fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if walked++; walked > maxWalked {
			return fs.SkipAll
		}
		if err != nil || entry.IsDir() {
			if err == nil && slices.Contains([]string{".git", "node_modules"}, entry.Name()) {
				return fs.SkipDir
			}
			return nil //nolint:nilerr // what cannot be read is found by whoever needs it
		}
		if r.final() != nil {
			for _, at := range r.landings(len(r.stages)-1, name) {
				list = append(list, placement{name, at.path, at.line})
			}
		}
		if at := mountedAt(s, name); at != "" {
			list = append(list, placement{name, at, 1 << 30})
		}
		return nil
	})
	for _, line := range r.finalLines() {
		if line.name == "run" {
			list = move(list, shellCommands(line.text), line.workdir, line.line)
		}
	}
	for _, f := range scripts {
		list = move(list, shellCommands(string(f.Content)), r.workdir(), 1<<30)
	}
	return slices.DeleteFunc(list, func(p placement) bool { return r.removes(p.at, p.line) })
}

// mountedAt is where a volume of the site's own folder brings a file of the source; empty where none does.
func mountedAt(s Site, local string) string {
	for _, volume := range s.Volumes {
		parts := strings.Split(volume, ":")
		if len(parts) < 2 || s.Directory == "" {
			continue
		}
		if rest, ok := strings.CutPrefix(path.Join(s.Directory, local), path.Clean(parts[0])); ok && (rest == "" || rest[0] == '/') {
			return path.Join(parts[1], rest)
		}
	}
	return ""
}

// move adds where cp, mv and ln bring what is placed already.
func move(list []placement, commands [][]string, workdir string, line int) []placement {
	for _, words := range commands {
		from, to := moved(words)
		for _, source := range from {
			source = path.Clean(strings.TrimSuffix(absolute(source, workdir), "/."))
			for _, p := range slices.Clone(list) {
				rest, inside := strings.CutPrefix(p.at, source+"/")
				matched, _ := path.Match(source, p.at)
				switch target := absolute(to, workdir); {
				case (matched || p.at == source) && (strings.HasSuffix(target, "/") || len(from) > 1 || isPattern(source) || knownFolders()[target] || path.Ext(target) == "" && nginxPath(path.Dir(target)) && strings.HasSuffix(target, "enabled")):
					list = append(list, placement{p.local, path.Join(target, path.Base(p.at)), line})
				case matched || p.at == source:
					list = append(list, placement{p.local, target, line})
				case inside && (knownFolders()[strings.TrimSuffix(target, "/")] && !strings.HasSuffix(source, "/.")):
					list = append(list, placement{p.local, path.Join(target, path.Base(source), rest), line}, placement{p.local, path.Join(target, rest), line})
				case inside:
					list = append(list, placement{p.local, path.Join(target, rest), line})
				}
			}
		}
	}
	return list
}

// moved are the sources and the destination of a cp, mv or ln that can be followed.
func moved(words []string) (from []string, to string) {
	if len(words) < 3 || !slices.Contains([]string{"cp", "mv", "ln", "install"}, path.Base(words[0])) {
		return nil, ""
	}
	var names []string
	for _, w := range words[1:] {
		if strings.ContainsAny(w, "$`<>") {
			return nil, ""
		}
		if !strings.HasPrefix(w, "-") {
			names = append(names, w)
		}
	}
	if len(names) < 2 {
		return nil, ""
	}
	return names[:len(names)-1], names[len(names)-1]
}

// removes reports whether a RUN behind a line takes a path away.
func (r *recipe) removes(at string, line int) bool {
	return slices.ContainsFunc(r.finalLines(), func(i instruction) bool {
		return i.name == "run" && i.line > line && slices.ContainsFunc(shellCommands(i.text), func(words []string) bool {
			return len(words) > 1 && words[0] == "rm" && slices.ContainsFunc(words[1:], func(w string) bool {
				w = path.Clean(absolute(w, i.workdir))
				ok, _ := path.Match(w, at)
				return ok || strings.HasPrefix(at, w+"/")
			})
		})
	})
}

// shellCommands splits shell text into its commands, each in words without quotes.
func shellCommands(text string) [][]string {
	text = strings.ReplaceAll(text, "\\\n", " ")
	if rest := strings.TrimSpace(text); len(rest) > 4 && strings.EqualFold(rest[:4], "run ") {
		text = rest[4:]
	}
	var list [][]string
	for _, command := range regexp.MustCompile(`&&|\|\||[;|\n]`).Split(text, -1) {
		words := strings.Fields(command)
		for i, w := range words {
			words[i] = strings.Trim(w, `"'(){}`)
		}
		if len(words) > 0 && !strings.HasPrefix(words[0], "#") {
			list = append(list, words)
		}
	}
	return list
}

// baseImage is the image that the last stage comes to build on.
func (r *recipe) baseImage() string {
	base := ""
	for i := len(r.stages) - 1; i >= 0; i = r.stageIndex(r.stages[i].base, i) {
		base = r.stages[i].base
	}
	return base
}

// workdir is the folder that the container starts in.
func (r *recipe) workdir() string {
	if s := r.final(); s != nil && len(s.lines) > 0 {
		return s.lines[len(s.lines)-1].workdir
	}
	return "/"
}

// configFiles reads the files that the image has where nginx reads its configuration, and what those include.
func configFiles(root fs.FS, r *recipe, in Input, placed []placement) []File {
	templates := stockOf(r.baseImage()) != nil
	var files []File
	known := map[string]bool{}
	add := func(p placement) {
		f := readFile(root, p.local)
		f.At = p.at
		rest, ok := strings.CutPrefix(p.at, "/etc/nginx/templates/")
		if name, isTemplate := strings.CutSuffix(rest, ".template"); ok && isTemplate && templates {
			f.At, f.Template = path.Join("/etc/nginx/conf.d", name), true
			f = r.render(f, in.Site.Environment)
		}
		if i := slices.IndexFunc(files, func(o File) bool { return o.At == f.At }); i >= 0 {
			files[i] = f // the later COPY holds
		} else {
			files = append(files, f)
		}
		known[p.at] = true
	}
	for _, p := range placed {
		if nginxPath(p.at) && isConfigName(p.at) && len(files) < maxConfigs {
			add(p)
		}
	}
	files = append(files, r.heredocs()...)
	x := examiner{in: Input{Site: in.Site, Scripts: in.Scripts, Configs: files}, recipe: r}
	main := cmp.Or(x.mainByOption(), "/etc/nginx/nginx.conf")
	wanted := []string{main}
	for i := 0; i <= len(files); i++ {
		for _, pattern := range wanted {
			for _, p := range placed {
				if ok, _ := path.Match(pattern, p.at); (ok || p.at == pattern) && !known[p.at] && len(files) < maxConfigs {
					add(p)
				}
			}
		}
		if i < len(files) {
			wanted = includesIn(string(files[i].Content), path.Dir(main))
		}
	}
	if !slices.ContainsFunc(files, func(f File) bool { return f.At != main }) {
		if _, err := fs.Stat(root, DefaultConfigPath); err == nil {
			f := readFile(root, DefaultConfigPath)
			f.At = f.Path
			files = append(files, f)
		}
	}
	return files
}

// maxConfigs bounds the files of one configuration.
const maxConfigs = 200

// isConfigName reports whether a file or folder may be configuration by its name: certificates and pages lie in nginx's folder too.
func isConfigName(at string) bool {
	other := []string{"cert", "certs", "certificates", "ssl", "tls", "keys", "private", "html", "logs", "cache", "modules", "lua"}
	return !slices.Contains(other, path.Base(at)) && !slices.Contains([]string{".pem", ".key", ".crt", ".cer", ".csr", ".html", ".so", ".png", ".js", ".css", ".ico", ".jpg", ".lua", ".dat", ".mmdb", ".htpasswd"}, path.Ext(at)) &&
		!strings.Contains(at, "/html/")
}

// render fills in what the image's entry point will, as far as it is known.
func (r *recipe) render(f File, environment map[string]string) File {
	env := map[string]string{}
	if s := r.final(); s != nil {
		maps.Copy(env, s.lines[len(s.lines)-1].env)
	}
	maps.Copy(env, environment)
	var pairs []string
	for name, value := range env {
		pairs = append(pairs, "${"+name+"}", value)
	}
	text := strings.NewReplacer(pairs...).Replace(string(f.Content))
	f.Fixed = text != string(f.Content)
	f.Content = []byte(text)
	return f
}

// heredocs are the files that a COPY writes from its own text, line for line where the Dockerfile has them.
func (r *recipe) heredocs() []File {
	var files []File
	for _, i := range r.finalLines() {
		c, ok := i.copied()
		if !ok || len(i.heredocs) != 1 || len(c.sources) > 0 {
			continue
		}
		text := i.heredocs[0].Content
		if i.heredocs[0].Expand {
			text = os.Expand(text, func(name string) string {
				if value, known := i.env[name]; known {
					return value
				}
				return "" // as BuildKit has it
			})
		}
		at := c.dest
		if strings.HasSuffix(at, "/") {
			at = path.Join(at, i.heredocs[0].Name)
		}
		if nginxPath(at) {
			files = append(files, File{Path: DockerfilePath, Content: []byte(strings.Repeat("\n", i.line) + text), At: at, Fixed: true})
		}
	}
	return files
}
