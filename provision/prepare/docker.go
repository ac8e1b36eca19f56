package prepare

import (
	"strings"
	"time"
)

// Docker is the host's engine.
type Docker struct {
	Package    string // that the engine came from; empty: none, or none that is known
	Engine     bool   // dockerd is there
	Podman     bool
	Version    string // of the engine that answers; empty: none does
	Enabled    bool   // it starts with the host
	Running    int    // containers
	Buildx     bool
	Images     []string // those of Query.Images that it has
	DaemonText string   // of daemon.json
	Pulls      bool     // one of the registries that the images come from answers the host
	Swarm      bool     // the host is part of a swarm
	DaemonFile bool     // there is one
	Stale      bool     // daemon.json is newer than the engine that runs
	Repository string   // of Docker's own packages, as it is configured
	Candidates []string // packages of BuildKit's client that the index has
	Mirrors    []Mirror // of Docker's packages, the fastest first; only where one is needed
}

func parseDocker(l lines) Docker {
	d := Docker{
		Package: l.one("docker.package"), Engine: l.has("docker.engine"), Podman: l.has("docker.podman"), Version: l.one("docker.version"),
		Enabled: l.has("docker.enabled"), Running: int(l.number("docker.running")), Buildx: l.has("docker.buildx"), Images: l["docker.image"],
		DaemonText: l.text("docker.daemon"), Swarm: l.has("docker.swarm"), DaemonFile: l.has("docker.daemon-file"), Stale: l.has("docker.stale"),
		Repository: strings.TrimSuffix(l.text("docker.repository"), "\n"),
	}
	for i, name := range l["docker.candidate"] {
		if versions := l["docker.version-of"]; i < len(versions) && versions[i] != "(none)" {
			d.Candidates = append(d.Candidates, name)
		}
	}
	return d
}

// Mirror is a mirror of Docker's own packages, and how long the host waits for its answer.
type Mirror struct {
	URL     string
	Latency time.Duration
	Key     []byte // of the packages, armoured; its fingerprint is the pinned one
}
