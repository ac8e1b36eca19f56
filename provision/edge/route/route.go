// Package route is what is said to the edge's router on a host and what it answers: one JSON object each way, on the standard input
// and output of `edge route` and `edge status`. It is shared with the program that travels to the host, and so it imports little.
package route

// Request asks the router for one change. Exactly one of its fields is set.
type Request struct {
	Set       *Site      `json:"set,omitempty"`       // the site's routes become these, at once and as a whole
	Remove    *Owner     `json:"remove,omitempty"`    // the site has no routes any more
	Challenge *Challenge `json:"challenge,omitempty"` // answered on port 80 until it expires
}

// Owner tells sites apart: two of a name live in different folders.
type Owner struct {
	Name      string `json:"name"`
	Directory string `json:"directory"` // where the site lives on the host
}

// Site is one site behind the edge.
type Site struct {
	Owner
	Domains       []string  `json:"domains"` // names in lower case; "*.example.com" stands for one label in place of the star
	Backends      []Backend `json:"backends"`
	HTTP          int       `json:"http,omitempty"`           // the containers' port for what comes to port 80; 0: nothing is served there
	HTTPS         int       `json:"https,omitempty"`          // the same for port 443
	ProxyProtocol bool      `json:"proxy_protocol,omitempty"` // the containers are told the visitor's address, by PROXY protocol 2
	DrainMS       int64     `json:"drain_ms"`                 // how long connections to a backend that is no longer one may run on
}

// Backend is a container on a network that the router is on.
type Backend struct {
	Container string `json:"container"` // the first twelve digits of its id, under which Docker's name server knows it: no other container ever has them
}

// Challenge is an answer to a CA that asks over http whether a name is ours.
type Challenge struct {
	Token   string `json:"token"`
	Answer  string `json:"answer"`
	Seconds int    `json:"seconds"` // until it is forgotten; 0: it is forgotten now
}

// Reply is the answer to a request, when what it asked for is in force or was refused.
type Reply struct {
	Revision int64    `json:"revision,omitempty"` // of the routes that are in force
	Error    string   `json:"error,omitempty"`    // the code of a refusal, one of the constants below; empty: done
	Values   []string `json:"values,omitempty"`   // what the refusal is about
}

// Why a request is refused, and its values.
const (
	ErrorInvalid     = "invalid"      // the field
	ErrorDomainTaken = "domain-taken" // the domain, the name of the site that holds it, its directory
	ErrorUnresolved  = "unresolved"   // the container whose name leads nowhere from the router
	ErrorUnsaved     = "unsaved"      // what the system said
)

// Status is what `edge status` prints.
type Status struct {
	Version  string       `json:"version"`
	Revision int64        `json:"revision"`
	Uptime   int64        `json:"uptime_s"`
	Sites    []SiteStatus `json:"sites"`
	Refused  int64        `json:"refused"` // connections that no site was asked about: unknown names, heads too late or too long, limits
}

// SiteStatus is one site with its traffic since the router came up.
type SiteStatus struct {
	Site
	Backends []BackendStatus `json:"backends"` // also those whose connections run out
	Total    int64           `json:"total"`    // connections so far
	Failed   int64           `json:"failed"`   // of these, those that reached no backend
	In       int64           `json:"in"`       // bytes from visitors
	Out      int64           `json:"out"`      // bytes to visitors
}

// BackendStatus is a backend with the connections that it has now.
type BackendStatus struct {
	Backend
	Open     int64 `json:"open"`
	Draining bool  `json:"draining,omitempty"`
}
