package fakehost

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

func (e *Engine) build(a arguments, dir string) (string, error) {
	if a.has("--help") {
		return "Usage: docker build\n" + e.BuildHelp, nil
	}
	s, err := e.built(dir)
	if err != nil {
		return "", err
	}
	image := object{"Id": "sha256:" + e.newID(), "RepoTags": []any{}, "Created": now(), "Size": 1_000_000_000, "Config": map[string]any{"Labels": a.labels(nil)}}
	e.images = append(e.images, image)
	e.sites[image.id()] = s
	for _, name := range a.options["-t"] {
		e.tag(image, name)
	}
	return "Step 1/1 : FROM " + BaseImage + "\nSuccessfully built " + image.id()[7:19] + "\n", nil
}

// create makes a container as docker create and docker run do, and prints its id.
func (e *Engine) create(a arguments) (string, error) {
	if len(a.words) == 0 {
		return "", errors.New(`"docker create" requires at least 1 argument`)
	}
	image, err := e.image(a.words[0])
	if err != nil {
		return "", err
	}
	name := a.option("--name")
	if other, err := e.container(name); err == nil && other.name() == name {
		return "", said("Conflict. The container name \"/%s\" is already in use by container %q", name, other.id())
	}
	for _, file := range a.options["--env-file"] {
		if _, err := os.Stat(e.path(file)); err != nil {
			return "", err
		}
	}
	network := a.option("--network")
	if network == "" {
		network = "bridge"
	}
	restart := a.option("--restart")
	if restart == "" {
		restart = "no"
	}
	bindings := map[string]any{}
	for _, p := range a.options["-p"] {
		parts := strings.Split(p, ":")
		inside := parts[len(parts)-1]
		if !strings.Contains(inside, "/") {
			inside += "/tcp"
		}
		bindings[inside] = []any{map[string]any{"HostIp": strings.Join(parts[:len(parts)-2], ":"), "HostPort": parts[len(parts)-2]}}
	}
	words := []any{}
	for _, word := range a.words[1:] {
		words = append(words, word)
	}
	c := object{
		"Id": e.newID(), "Name": "/" + name, "Image": image.id(), "Created": now(), "RestartCount": 0,
		"State":      map[string]any{"Status": "created", "Running": false, "Restarting": false, "ExitCode": 0, "Error": "", "StartedAt": never, "FinishedAt": never},
		"Config":     map[string]any{"Image": a.words[0], "Labels": a.labels(image.at("Config", "Labels")), "Cmd": words},
		"HostConfig": map[string]any{"NetworkMode": network, "PortBindings": bindings, "RestartPolicy": map[string]any{"Name": restart, "MaximumRetryCount": 0}},
		"NetworkSettings": map[string]any{"Ports": map[string]any{},
			"Networks": map[string]any{network: map[string]any{"IPAddress": "", "Aliases": nil, "IPAMConfig": nil}}},
	}
	e.containers = append([]object{c}, e.containers...)
	return c.id() + "\n", nil
}

const never = "0001-01-01T00:00:00Z"

func (e *Engine) runContainer(a arguments) (string, error) {
	if a.option("--entrypoint") == "nginx" {
		image, err := e.image(a.words[0])
		if err != nil {
			return "", err
		}
		if emerg := e.sites[image.id()].emerg; emerg != "" {
			return "", exitError{fmt.Sprintf("nginx: [emerg] unknown directive %q in /etc/nginx/conf.d/default.conf:1\n", emerg), 1}
		}
		return "", exitError{"nginx: configuration file /etc/nginx/nginx.conf test is successful\n", 0}
	}
	if a.has("--rm") {
		return e.oneOff(a)
	}
	out, err := e.create(a)
	if err == nil {
		err = e.start(e.containers[0])
	}
	return out, err
}

// oneOff runs one command in a container that goes with it: "exit N" ends with that status, and anything else is said.
func (e *Engine) oneOff(a arguments) (string, error) {
	if _, err := e.image(a.words[0]); err != nil {
		return "", err
	}
	return outcome(a.words[len(a.words)-1])
}

// outcome is how a command ends.
func outcome(text string) (string, error) {
	if exit := exitLine.FindStringSubmatch(text); exit != nil {
		code, _ := strconv.Atoi(exit[1])
		return text + "\n", exitError{text + "\n", code}
	}
	return text + "\n", nil
}

// exec is a command in a running container, which ends as oneOff's does.
func (e *Engine) exec(a arguments) (string, error) {
	c, err := e.container(a.words[0])
	if err != nil || !c.is("State", "Running") {
		return "", fmt.Errorf("container %s is not running", a.words[0])
	}
	return outcome(a.words[len(a.words)-1])
}

// each is a command that does the same to every container that it names, and prints their names.
func (e *Engine) each(do func(object) error) func(arguments) (string, error) {
	return func(a arguments) (string, error) {
		var out strings.Builder
		var errs error
		for _, name := range a.words {
			c, err := e.container(name)
			if err == nil {
				err = do(c)
			}
			if err == nil {
				out.WriteString(name + "\n")
			}
			errs = errors.Join(errs, err)
		}
		return out.String(), errs
	}
}

func (e *Engine) remove(c object) error {
	e.stop(c, 137)
	e.containers = slices.DeleteFunc(e.containers, func(other object) bool { return other.id() == c.id() })
	e.ended.Broadcast()
	return nil
}

func (e *Engine) rename(a arguments) (string, error) {
	c, err := e.container(a.words[0])
	if err != nil {
		return "", err
	}
	switch other, err := e.container(a.words[1]); {
	case err == nil && other.id() == c.id():
		return "", said("Renaming a container with the same name as its current name")
	case err == nil && other.name() == a.words[1]:
		return "", said("Conflict. The container name \"/%s\" is already in use by container %q", a.words[1], other.id())
	}
	c["Name"] = "/" + a.words[1]
	return "", nil
}

func (e *Engine) update(a arguments) (string, error) {
	return e.each(func(c object) error {
		c.set(map[string]any{"Name": a.option("--restart"), "MaximumRetryCount": 0}, "HostConfig", "RestartPolicy")
		return nil
	})(a)
}

func (e *Engine) wait(a arguments) (string, error) {
	c, err := e.container(a.words[0])
	if err != nil {
		return "", err
	}
	for c.is("State", "Running") && !e.over {
		e.ended.Wait()
	}
	return fmt.Sprintln(c.at("State", "ExitCode")), nil
}

func (e *Engine) port(a arguments) (string, error) {
	c, err := e.container(a.words[0])
	if err != nil {
		return "", err
	}
	var lines []string
	ports := c.inner("NetworkSettings", "Ports")
	for _, inside := range slices.Sorted(maps.Keys(ports)) {
		for _, host := range hostPorts(map[string]any{inside: ports[inside]}) {
			lines = append(lines, fmt.Sprintf("%s -> 0.0.0.0:%d\n", inside, host))
		}
	}
	return strings.Join(lines, ""), nil
}

func (e *Engine) logs(a arguments) (string, error) {
	c, err := e.container(a.words[0])
	if err != nil {
		return "", err
	}
	return "the log of " + c.name() + "\n", nil
}

func (e *Engine) retag(a arguments) (string, error) {
	image, err := e.image(a.words[0])
	if err == nil {
		e.tag(image, a.words[1])
	}
	return "", err
}

// row is what docker ps prints of a container.
type row struct {
	ID, Names, State, Image, Status, Ports string
	labels                                 object
}

// Label is one of its labels.
func (r row) Label(name string) string { return r.labels.text(name) }

func (e *Engine) list(a arguments) (string, error) {
	var rows []row
	for _, c := range e.containers {
		s := e.summary(c)
		if !a.selects(c) || !s.running && !a.has("-a") && !a.has("-aq") {
			continue
		}
		rows = append(rows, row{c.id(), c.name(), c.text("State", "Status"), s.Image, s.Status, s.ports(), c.inner("Config", "Labels")})
	}
	if !a.has("--format") {
		return format("{{.ID}}", rows)
	}
	return format(a.option("--format"), rows)
}

// selects reports whether all of docker's filters let an object pass.
func (a arguments) selects(o object) bool {
	for _, filter := range a.options["--filter"] {
		kind, value, _ := strings.Cut(filter, "=")
		switch kind {
		case "name":
			if o.text("Name") != strings.TrimSuffix(strings.TrimPrefix(value, "^"), "$") {
				return false
			}
		case "status":
			if o.text("State", "Status") != value {
				return false
			}
		case "label":
			name, want, exact := strings.Cut(value, "=")
			if found, ok := o.at("Config", "Labels", name).(string); !ok || exact && found != want {
				return false
			}
		}
	}
	return true
}

// inspect is docker inspect, of containers and images, and docker image inspect: no container has an image's name.
func (e *Engine) inspect(a arguments) (string, error) {
	found, errs := []object{}, error(nil)
	for _, name := range a.words {
		o, err := e.container(name)
		if err != nil {
			o, err = e.image(name)
		}
		if err != nil {
			errs = exitError{"Error: No such object: " + name + "\n", 1}
			continue
		}
		found = append(found, o)
	}
	return show(a, found, errs)
}

// history is that of an image with a base that it shares with all others.
func (e *Engine) history(a arguments) (string, error) {
	image, err := e.image(a.words[0])
	if err != nil {
		return "", err
	}
	type layer struct{ Size, CreatedAt, CreatedBy string }
	return format(a.option("--format"), []layer{{"600000000", image.id(), "COPY"}, {"0", image.id(), "CMD"}, {"400000000", "2026", "FROM " + BaseImage}})
}

func show(a arguments, found []object, errs error) (string, error) {
	if a.has("--format") {
		out, err := format(a.option("--format"), found)
		return out, errors.Join(errs, err)
	}
	text, err := json.MarshalIndent(found, "", "    ")
	if err != nil {
		return "", err
	}
	return string(text) + "\n", errs
}

func (e *Engine) inspectNetwork(a arguments) (string, error) {
	network := e.networks[a.words[0]]
	if network == nil {
		return "", fmt.Errorf("network %s not found", a.words[0])
	}
	return show(a, []object{network}, nil)
}

func (e *Engine) createNetwork(a arguments) (string, error) {
	name := a.words[0]
	if e.networks[name] != nil {
		return "", fmt.Errorf("network with name %s already exists", name)
	}
	e.networks[name] = object{"Name": name, "Id": e.newID(), "Internal": a.has("--internal"), "Labels": a.labels(nil)}
	return e.networks[name].id() + "\n", nil
}

func (e *Engine) removeNetwork(a arguments) (string, error) {
	for _, name := range a.words {
		if e.networks[name] == nil {
			return "", fmt.Errorf("network %s not found", name)
		}
		delete(e.networks, name)
	}
	return "", nil
}

// attach is docker network connect, or disconnect.
func (e *Engine) attach(there bool) func(arguments) (string, error) {
	return func(a arguments) (string, error) {
		c, err := e.container(a.words[1])
		if err != nil {
			return "", err
		}
		if !there {
			return "", e.disconnect(a.words[0], c)
		}
		aliases := []any{}
		for _, alias := range a.options["--alias"] {
			aliases = append(aliases, alias)
		}
		return "", e.connect(a.words[0], c, aliases)
	}
}

func (e *Engine) listImages(a arguments) (string, error) {
	var found []object
	for _, i := range e.images {
		if a.selects(i) {
			found = append(found, i)
		}
	}
	return format("{{.Id}}", found)
}

func (e *Engine) removeImage(a arguments) (string, error) {
	for _, name := range a.words {
		image, err := e.image(name)
		if err != nil {
			return "", err
		}
		for _, c := range e.containers {
			if c.text("Image") == image.id() && (!hasTag(image, name) || len(image.at("RepoTags").([]any)) == 1) {
				return "", fmt.Errorf("conflict: unable to delete %s: image is being used by container %s", name, c.id())
			}
		}
		e.tag(nil, name)
		if len(image.at("RepoTags").([]any)) == 0 {
			e.images = slices.DeleteFunc(e.images, func(i object) bool { return i.id() == image.id() })
		}
	}
	return "", nil
}
