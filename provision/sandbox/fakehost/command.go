package fakehost

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/kehuo/provision/provision/docker"
)

// call is a docker command that was run on the host, and answer what it printed.
type call struct {
	Argv []string
	Dir  string
}

type answer struct {
	Stdout, Stderr string
	Code           int
}

func (e *Engine) serveCommand(conn net.Conn) {
	var c call
	if json.NewDecoder(conn).Decode(&c) != nil {
		return
	}
	// Scripts know the host's own paths by the folder that stands for its disk.
	home := e.path(Home)
	for i := range c.Argv {
		c.Argv[i] = strings.ReplaceAll(c.Argv[i], home, Home)
	}
	c.Argv[0] = "docker"
	a := e.run(c)
	a.Stdout = strings.ReplaceAll(a.Stdout, Home, home)
	_ = json.NewEncoder(conn).Encode(a)
}

// run carries a command out. What it may be is what the program uses.
func (e *Engine) run(c call) answer {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, strings.Join(c.Argv, " "))
	words := c.Argv[1:]
	name := words[0]
	if len(words) > 1 && (name == "network" || name == "image") {
		name += " " + words[1]
		words = words[1:]
	}
	commands := map[string]func(arguments) (string, error){
		"version": func(arguments) (string, error) { return "20.10.24\n", nil },
		"info":    func(a arguments) (string, error) { return format(a.option("--format"), []docker.Info{e.Info}) },
		"buildx":  func(arguments) (string, error) { return "Driver: docker\n", nil },
		"build":   func(a arguments) (string, error) { return e.build(a, c.Dir) }, "run": e.runContainer, "exec": e.exec, "create": e.create,
		"start": e.each(e.start), "stop": e.each(func(c object) error { e.stop(c, 0); return nil }),
		"kill": e.each(func(c object) error { e.stop(c, 137); return nil }),
		"rm":   e.each(e.remove), "rename": e.rename, "update": e.update, "wait": e.wait, "port": e.port, "logs": e.logs, "tag": e.retag,
		"ps": e.list, "inspect": e.inspect, "network create": e.createNetwork, "network rm": e.removeNetwork,
		"network inspect": e.inspectNetwork, "network connect": e.attach(true), "network disconnect": e.attach(false),
		"image inspect": e.inspect, "history": e.history, "image ls": e.listImages, "image rm": e.removeImage,
	}
	command := commands[name]
	if command == nil {
		return answer{Stderr: fmt.Sprintf("docker: %q is not a docker command.\n", name), Code: 125}
	}
	var out string
	err := e.refused(e.calls[len(e.calls)-1])
	if err == nil {
		out, err = command(parse(words[1:]))
	}
	if err == nil {
		return answer{Stdout: out}
	}
	code := 1
	if name == "run" {
		code = 125
	}
	if exit, ok := err.(exitError); ok {
		return answer{Stdout: out, Stderr: exit.text, Code: exit.code}
	}
	return answer{Stdout: out, Stderr: "Error response from daemon: " + err.Error() + "\n", Code: code}
}

// exitError is a failure that docker passes on.
type exitError struct {
	text string
	code int
}

func (e exitError) Error() string { return e.text }

// arguments are options and what follows them. An option without a value is there with an empty one.
type arguments struct {
	options map[string][]string
	words   []string
}

// flags are the options that take no value.
var flags = []string{"-it", "-i", "-t", "-d", "-a", "-q", "-aq", "-f", "-v", "--rm", "--init", "--no-trunc", "--internal", "--force", "--force-rm", "-fv",
	"--help", "--load", "--pull", "--no-cache"}

// parse reads options up to the first word that is none. -t and -v have values where docker's own build, stop and run say so.
func parse(argv []string) arguments {
	a := arguments{options: map[string][]string{}}
	for len(argv) > 0 && strings.HasPrefix(argv[0], "-") {
		name, value, joined := strings.Cut(argv[0], "=")
		argv = argv[1:]
		bare := slices.Contains(flags, name) && (name != "-t" && name != "-v" || len(argv) < 2 || !valued(name, argv[0]))
		if !joined && !bare && len(argv) > 0 {
			value, argv = argv[0], argv[1:]
		}
		a.options[name] = append(a.options[name], value)
	}
	a.words = argv
	return a
}

// valued tells the -t and -v of build, stop and run from those of others.
func valued(name, next string) bool {
	_, err := strconv.Atoi(next)
	return name == "-t" && (err == nil || strings.Contains(next, ":")) || name == "-v" && strings.Contains(next, ":")
}

func (a arguments) has(name string) bool { return len(a.options[name]) > 0 }

func (a arguments) option(name string) string {
	if !a.has(name) {
		return ""
	}
	return a.options[name][0]
}

// labels are those that the options set, over the ones of an image.
func (a arguments) labels(under any) map[string]any {
	labels := map[string]any{}
	given, _ := under.(map[string]any)
	for name, value := range given {
		labels[name] = value
	}
	for _, label := range a.options["--label"] {
		name, value, _ := strings.Cut(label, "=")
		labels[name] = value
	}
	return labels
}

// format prints objects as docker's --format does.
func format[T any](text string, objects []T) (string, error) {
	var out bytes.Buffer
	parsed, err := template.New("").Funcs(template.FuncMap{"json": func(v any) (string, error) {
		text, err := json.Marshal(v)
		return string(text), err
	}}).Parse(strings.ReplaceAll(text, `\t`, "\t"))
	for _, o := range objects {
		if err == nil {
			err = parsed.Execute(&out, o)
			out.WriteByte('\n')
		}
	}
	return out.String(), err
}
