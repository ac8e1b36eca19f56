package fakehost

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/docker"
)

// serveAPI answers what the engine's own interface is asked.
func (e *Engine) serveAPI(listener net.Listener) {
	mux := http.NewServeMux()
	tell := func(w http.ResponseWriter, found any, err error) {
		if err != nil {
			w.WriteHeader(http.StatusNotFound)
			found = map[string]string{"message": err.Error()}
		}
		_ = json.NewEncoder(w).Encode(found)
	}
	mux.HandleFunc("GET /containers/json", func(w http.ResponseWriter, _ *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		list := []docker.Summary{}
		for _, c := range e.containers {
			list = append(list, e.summary(c).Summary)
		}
		tell(w, list, nil)
	})
	mux.HandleFunc("GET /info", func(w http.ResponseWriter, _ *http.Request) { tell(w, e.Info, nil) })
	mux.HandleFunc("GET /containers/{name}/json", func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		c, err := e.container(r.PathValue("name"))
		tell(w, c, err)
	})
	mux.HandleFunc("GET /images/{name...}", func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		i, err := e.image(strings.TrimSuffix(r.PathValue("name"), "/json"))
		tell(w, i, err)
	})
	_ = (&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}).Serve(listener)
}

// summary is a container in a list.
type summary struct {
	docker.Summary
	running bool
}

func (e *Engine) summary(c object) summary {
	s := summary{docker.Summary{ID: c.id(), Names: []string{c.text("Name")}, Image: c.text("Config", "Image"), Labels: map[string]string{}}, c.is("State", "Running")}
	if image, err := e.image(s.Image); err != nil || image.id() != c.text("Image") { // another one has that name by now
		s.Image = c.text("Image")
	}
	for name, value := range c.inner("Config", "Labels") {
		s.Labels[name], _ = value.(string)
	}
	switch status := c.text("State", "Status"); {
	case status == "running":
		s.Status = "Up 3 minutes"
	case status == "exited":
		s.Status = fmt.Sprintf("Exited (%v) 3 minutes ago", c.at("State", "ExitCode"))
	default:
		s.Status = strings.ToUpper(status[:1]) + status[1:]
	}
	for inside, list := range c.inner("NetworkSettings", "Ports") {
		number, kind, _ := strings.Cut(inside, "/")
		private, _ := strconv.Atoi(number)
		held, _ := list.([]any)
		for _, binding := range held {
			host := binding.(map[string]any)
			public, _ := strconv.Atoi(host["HostPort"].(string))
			s.Ports = append(s.Ports, docker.Port{IP: host["HostIp"].(string), PrivatePort: private, PublicPort: public, Type: kind})
		}
	}
	slices.SortFunc(s.Ports, func(a, b docker.Port) int { return b.PrivatePort - a.PrivatePort })
	return s
}

// ports are those of a container as docker ps prints them.
func (s summary) ports() string {
	var ports []string
	for _, p := range s.Ports {
		ports = append(ports, fmt.Sprintf("%s:%d->%d/%s", p.IP, p.PublicPort, p.PrivatePort, p.Type))
	}
	return strings.Join(ports, ", ")
}
