package diagnose

import (
	"fmt"
	"net"
	"reflect"
	"slices"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
)

// Failure explains a failed step by its error and the lines that it printed; there is one finding at least. What other
// programs said is looked up in the catalogue, and so are the codes of our own failures: what such a failure comes from was
// read where it was made, and is only quoted. A failure that the catalogue does not have is told in the words of its code:
// CODE.cause and CODE.fix where the language has them, else its sentence. Those two take the failure's values; where they
// leave values out, they name the others by %[n]s.
func Failure(err error, output []string, at Place, words *language.Printer) []provision.Finding {
	s := newScan(known())
	for _, line := range output {
		s.text(line)
	}
	e := evidence{scan: s, words: words}
	e.read(err)
	findings := s.findings(at, words.Tag(), true)
	if findings[0].Code != failedCode { // recognised
		return findings
	}
	if e.failure != nil {
		findings[0] = e.told()
	} else if findings[0].Evidence == "" {
		findings[0].Evidence = words.Error(err)
	}
	return findings
}

// evidence is what an error tells beside the output.
type evidence struct {
	*scan
	words   *language.Printer
	failure *provision.Failure // the one to tell of, where nothing is recognised
}

// read takes in the errors of a tree, the outermost first.
func (e *evidence) read(err error) {
	f, ok := err.(*provision.Failure)
	switch {
	case err == nil:
	case !ok && isForeign(err):
		e.text(foreignText(err))
	case ok && e.assert(f):
	default:
		if ok && (e.failure == nil || !e.words.Has(e.failure.Code+".cause") && e.words.Has(f.Code+".cause")) {
			e.failure = f
		}
		for _, cause := range causes(err) {
			e.read(cause)
		}
	}
}

// assert makes a finding of a failure that the catalogue has; it needs no pattern.
func (e *evidence) assert(f *provision.Failure) bool {
	id, ok := e.codes[f.Code]
	if !ok {
		return false
	}
	c := candidate{entry: id, line: e.number + 1, asserted: true, captured: map[string]string{}}
	var quoted []string
	var walk func(err error)
	walk = func(err error) {
		if f, ok := err.(*provision.Failure); ok {
			for i, name := range e.entries[id].Values[f.Code] {
				if i < len(f.Values) {
					c.name(name, fmt.Sprint(f.Values[i]))
				}
			}
		} else if err != nil && isForeign(err) {
			quoted = append(quoted, strings.Split(strings.TrimSpace(foreignText(err)), "\n")...)
			return
		}
		for _, cause := range causes(err) {
			walk(cause)
		}
	}
	walk(f)
	if !e.entries[id].agrees(c.captured) {
		return false
	}
	c.evidence = e.words.Error(f)
	if e.entries[id].Rank <= consequence { // the output has the cause, in words that the catalogue does not know
		quoted = append(e.lastLines(), quoted...)
	}
	if len(quoted) > 0 && quoted[len(quoted)-1] != "" {
		c.evidence = quoted[len(quoted)-1]
	}
	c.evidence = excerpt(clean([]byte(c.evidence)), 0, len(c.evidence))
	if e.words.Has(f.Code + ".cause") {
		c.cause, c.fix = e.say(f, ".cause"), e.say(f, ".fix")
	}
	e.number++
	e.candidates[id] = append(e.candidates[id], c)
	return true
}

// name keeps a value under its name; of an address, the port has one too.
func (c *candidate) name(name, value string) {
	if name == "" || c.captured[name] != "" {
		return
	}
	c.captured[name] = value
	if _, port, err := net.SplitHostPort(value); err == nil && name == "address" {
		c.name("port", port)
	}
}

// told is the finding of a failure that the catalogue does not have.
func (e *evidence) told() provision.Finding {
	finding := provision.Finding{Severity: provision.SeverityError, Code: e.failure.Code, Cause: e.say(e.failure, ".cause"), Fix: e.say(e.failure, ".fix")}
	if finding.Cause == "" {
		finding.Cause = e.words.Error(e.failure)
	}
	if lines := e.lastLines(); len(lines) > 0 {
		finding.Evidence = lines[len(lines)-1]
	}
	return finding
}

// say is what the language has to say of a failure under its code with that ending; "" for nothing.
func (e *evidence) say(f *provision.Failure, ending string) string {
	key := f.Code + ending
	switch {
	case !e.words.Has(key):
		return ""
	case !strings.Contains(e.words.T(key), "%"):
		return e.words.T(key)
	}
	return e.words.Error(&provision.Failure{Code: key, Values: f.Values})
}

// foreign is an error that keeps what another program said.
type foreign interface{ Said() string }

func foreignText(err error) string {
	if said, ok := err.(foreign); ok {
		return said.Said()
	}
	return err.Error()
}

// isForeign tells errors that are made by others, whose text is theirs: of net, os, crypto/tls and the like, whole. Ours,
// and those that only wrap one, are looked into.
func isForeign(err error) bool {
	if _, ok := err.(foreign); ok {
		return true
	}
	of := reflect.TypeOf(err)
	if of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch pkg := of.PkgPath(); pkg {
	case "fmt", "errors":
		return len(causes(err)) == 0
	default:
		ours, _, _ := strings.Cut(reflect.TypeFor[provision.Failure]().PkgPath(), "/provision/")
		return pkg != "" && pkg != ours && !strings.HasPrefix(pkg, ours+"/")
	}
}

// causes are the errors that err wraps.
func causes(err error) []error {
	var all []error
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		all = []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		all = e.Unwrap()
	}
	return slices.DeleteFunc(slices.Clone(all), func(err error) bool { return err == nil })
}
