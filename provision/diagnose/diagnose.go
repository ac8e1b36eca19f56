// Package diagnose names what went wrong from the text that a failure left: cause, the very line that shows it, and a fix.
//
// Known failures are data, a file a place under catalogue/. An entry recognises the failure rather than one sentence: its
// patterns ignore case, decoration and the wording of one version, and context patterns tell apart lines that look alike.
// Output of a host is untrusted text: it is read as a stream, line lengths and memory are bounded, control sequences never
// reach a finding.
package diagnose

import (
	"io"
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
	Connect  Where = "connect" // reaching the host and logging in
	SFTP     Where = "sftp"    // moving files
	Docker   Where = "docker"  // the engine and its command line
	Build    Where = "build"   // docker build
	Run      Where = "run"     // starting the container and staying up
	Nginx    Where = "nginx"   // nginx and its configuration
	Site     Where = "site"    // what a visitor gets
)

// Text returns the findings of an output, the most specific first. Healthy output has none. A failure that the catalogue
// does not know gives one finding of provision.SeverityUnknown with the last relevant lines.
func Text(output string, where Where, tag language.Tag) []provision.Finding {
	return text(output, where, tag, false)
}

// Failed is Text for the output of something that is known to have failed: it never returns nothing.
func Failed(output string, where Where, tag language.Tag) []provision.Finding {
	return text(output, where, tag, true)
}

// Error is Failed for the sentence of an error; nil has no findings.
func Error(err error, where Where, tag language.Tag) []provision.Finding {
	if err == nil {
		return nil
	}
	return Failed(err.Error(), where, tag)
}

// Read is Text for an output of any length: each line is looked at once, and memory does not grow with it. The error is
// the reader's.
func Read(r io.Reader, where Where, tag language.Tag) ([]provision.Finding, error) {
	s := newScan(known())
	if err := eachLine(r, s.line); err != nil {
		return nil, err
	}
	return s.findings(where, tag, false), nil
}

func text(output string, where Where, tag language.Tag, failed bool) []provision.Finding {
	s := newScan(known())
	// Reading from a string fails never: strings.Reader has io.EOF as its only error.
	_ = eachLine(strings.NewReader(output), s.line)
	return s.findings(where, tag, failed)
}
