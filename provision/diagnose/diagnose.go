// Package diagnose names what went wrong from the text that a failure left: cause, the very line that shows it, and a fix.
//
// Known failures are data, a file a place under catalogue/. An entry recognises the failure rather than one sentence: its
// patterns ignore case, decoration and the wording of one version, and context patterns tell apart lines that look alike.
// Output of a host is untrusted text: it is read as a stream, line lengths and memory are bounded, control sequences never
// reach a finding.
package diagnose

import (
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

// Where names the place that an output comes from. It decides between readings that are otherwise equal; the empty Where
// is fine.
type Where string

// The places of failures.
const (
	Anywhere Where = ""
	Connect  Where = "connect"  // reaching the host and logging in
	SFTP     Where = "sftp"     // moving files
	Docker   Where = "docker"   // the engine and its command line
	Build    Where = "build"    // docker build
	Run      Where = "run"      // starting the container and staying up
	Nginx    Where = "nginx"    // nginx and its configuration
	Site     Where = "site"     // what a visitor gets
	Packages Where = "packages" // the host's package manager
)

// Place is where an output comes from, with what is known of it and the output itself may not say: a fix then names the
// host instead of asking the person to. Empty fields are not known.
type Place struct {
	Where    Where
	Host     string // where its sshd is reached
	Port     int    // of its sshd
	User     string // who logs in
	Identity string // the file of the private key

	Image, Container, Domain string // of the site
	Certificate, Key         string // its pair, within the site's folder
}

// names are what is known, by the names that the catalogue has for it. The host of another place than sshd's, a registry or
// a domain, has the same name there, and is not meant.
func (p Place) names(where Where) map[string]string {
	names := map[string]string{
		"siteimage": p.Image, "container": p.Container, "domain": p.Domain, "certificate": p.Certificate, "keyfile": p.Key,
	}
	flag := ""
	if p.Port != 0 && p.Port != 22 {
		flag = "-p " + strconv.Itoa(p.Port)
	}
	if p.User != "" && p.Host != "" {
		names["login"] = strings.TrimSpace(flag + " " + p.User + "@" + p.Host)
	}
	if where != Connect && where != SFTP {
		return names
	}
	names["host"], names["user"], names["identity"], names["portflag"] = p.Host, p.User, p.Identity, flag
	if p.Port != 0 {
		names["port"] = strconv.Itoa(p.Port)
	}
	return names
}

// Read is Text for an output of any length: each line is looked at once, and memory does not grow with it. The error is
// the reader's.
func Read(r io.Reader, at Place, tag language.Tag) ([]provision.Finding, error) {
	s := newScan(known())
	if err := eachLine(r, s.line); err != nil {
		return nil, err
	}
	return s.findings(at, tag, false), nil
}

// Ended tells whether a container's log so far shows for certain that its server will not come up: a worker that failed to
// boot, a file that cannot be parsed, a configuration that nginx refuses. The finding is the cause, as Text has it. An error in
// an answer is no end, and neither is a service that the application waits for.
func Ended(log string, at Place, tag language.Tag) (provision.Finding, bool) {
	s := newScan(known())
	s.text(log)
	if !slices.ContainsFunc(s.held(), func(c candidate) bool { return s.entries[c.entry].Ends }) {
		return provision.Finding{}, false
	}
	cause := s.findings(at, tag, true)[0]
	if id, ok := s.codes[cause.Code]; ok && s.entries[id].Passes {
		return provision.Finding{}, false
	}
	return cause, true
}
