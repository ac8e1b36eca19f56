// Package site examines what the tutorial asks of a site before anything is sent: the Dockerfile, nginx's configuration and the
// certificate with its key. It finds what is wrong, says where and why, and mends what a program can mend without losing
// comments or layout. Read fetches what Examine looks at.
package site

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/inventory"
	"github.com/kehuo/provision/provision/language"
)

// The steps that problems belong to.
const (
	StepDockerfile       = "03-dockerfile"
	StepCertificateLines = "04-certificate-lines"
	StepNginxConfig      = "05-nginx-config"
	StepFiles            = "06-files"
)

// The files as the tutorial names them, and where it puts the pair in the image.
const (
	DockerfilePath      = "Dockerfile"
	IgnorePath          = ".dockerignore"
	OwnIgnorePath       = DockerfilePath + IgnorePath // goes before the other
	DefaultConfigPath   = "resource/default.conf"
	defaultCertificates = "/etc/nginx/cert/"
)

// Site is what is to be deployed, as the inventory has it.
type Site struct {
	Certificate, Key string   // slash-separated paths within the source, or inventory.CertificateACME; empty: a site without TLS
	Domain           string   // the name that the certificate must cover; empty: not checked
	Server           string   // product that answers; nginx's configuration is only examined for nginx; empty: not named
	Directory        string   // of the site on the host
	Volumes          []string // as for docker run --volume
	Ports            []inventory.Port
	Environment      map[string]string // of the container, as far as it is no secret
	AnswersHTTP      bool              // the CA asks the site itself before it signs a certificate
	OwnMounts        bool              // an option brings files that are not in the image
	OwnNetwork       bool              // an option gives the container another network than the bridge
	Command          []string          // of the container
	Upload           []string          // what of the source goes to the host, slash-separated; none: all of it

	EnvironmentFile string // of this machine; empty: none

	Dockerfile, Context string            // slash-separated paths within the source; empty: Dockerfile, and all of it
	Target              string            // the stage that is built; empty: the last one
	Args                map[string]string // values of ARG
}

// Of is the site of an inventory.
func Of(s inventory.Site) Site {
	return Site{
		Certificate: s.Certificate,
		Key:         s.Key,
		Domain:      s.Domain,
		Server:      s.Server,
		Directory:   s.Directory,
		Volumes:     s.Volumes,
		Command:     s.Command,
		Upload:      s.Upload,
		Ports:       s.Ports,
		OwnNetwork:  slices.ContainsFunc(s.Options, func(o string) bool { return strings.HasPrefix(o, "--net") }),
		Environment: s.Environment,
		AnswersHTTP: s.Obtains() && s.ACME.Challenge == inventory.ChallengeHTTP,
		OwnMounts: slices.ContainsFunc(s.Options, func(o string) bool {
			return strings.HasPrefix(o, "-v") || strings.HasPrefix(o, "--volume") || strings.HasPrefix(o, "--mount") || strings.HasPrefix(o, "--tmpfs")
		}),
		EnvironmentFile: s.EnvironmentFile,
		Dockerfile:      s.Build.File,
		Context:         s.Build.Context,
		Target:          s.Build.Target,
		Args:            s.Build.Args,
	}
}

// File is a file of the site as it was read.
type File struct {
	Path    string // slash-separated, relative to the source
	Content []byte // as UTF-8 without a byte order mark
	Mode    fs.FileMode
	Err     error // why there is no content

	// Of nginx's configuration: where the image has it, or Path where that is not known, and whether the content is not that of
	// the file as it lies here, so that no program can mend it.
	At    string
	Fixed bool

	raw      []byte   // as it lies there
	encoding encoding // of raw
	start    start    // of a script
}

// Input is all that Examine looks at.
type Input struct {
	Site             Site
	Now              time.Time
	Dockerfile       File
	Ignore           File   // what the build does not see; Err is fs.ErrNotExist where there is none
	Configs          []File // nginx's configuration
	Scripts          []File // that start the container
	Certificate, Key File

	recipe *recipe     // the Dockerfile, with the source that its lines speak of
	nginx  *nginxImage // what they tell of nginx; nil where nginx is not what answers

	Environment []inventory.EnvironmentDoubt // lines of the environment file
}

// Problem is something wrong with the site's own files.
type Problem struct {
	Step    string // id of the step that it belongs to
	File    string // slash-separated, relative to the source
	Line    int    // from 1; 0 where the file as a whole is meant
	Finding provision.Finding
	// Edit mends the file; nil where no program can. All problems of a file that can be mended share one edit, which mends all
	// of them.
	Edit *Edit
}

// Edit is a new content for a file.
type Edit struct {
	File    string // slash-separated, relative to the source
	Content []byte
	Diff    string // unified

	before []byte // the content that was examined
}

// Report is what Examine found.
type Report struct {
	Problems []Problem // by step, then by file and line
	Pair     Pair
	// CertificatePath and KeyPath are where nginx looks for the pair in the container; empty where its configuration does not
	// name them.
	CertificatePath, KeyPath string
	// ChallengePath is the folder in the container from which nginx answers a CA's challenges; empty where it does not.
	ChallengePath string
	// Unseen: the image, or the container as it starts, makes configuration for nginx that the source does not show.
	Unseen bool
	// Bases are the images that a build needs.
	Bases []Base
}

// Has reports whether a problem of that code was found.
func (r Report) Has(code string) bool {
	return slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Finding.Code == code })
}

// Of returns the problems of a step.
func (r Report) Of(step string) []Problem {
	var list []Problem
	for _, p := range r.Problems {
		if p.Step == step {
			list = append(list, p)
		}
	}
	return list
}

// Errors returns the problems of a step that must be mended before it is satisfied; of all steps for an empty step.
func (r Report) Errors(step string) []Problem {
	var list []Problem
	for _, p := range r.Problems {
		if (step == "" || p.Step == step) && p.Finding.Severity == provision.SeverityError {
			list = append(list, p)
		}
	}
	return list
}

// Edits returns what mends the site's files, one edit a file.
func (r Report) Edits() []Edit {
	var list []Edit
	for _, p := range r.Problems {
		if p.Edit != nil && !slices.ContainsFunc(list, func(e Edit) bool { return e.File == p.Edit.File }) {
			list = append(list, *p.Edit)
		}
	}
	return list
}

// Examine finds what is wrong with the site. It never fails: what cannot be read is a problem too.
func Examine(in Input, words *language.Printer) Report {
	x := &examiner{in: in, words: words, drafts: map[string]*draft{}}
	x.dockerfile()
	if in.recipe != nil {
		x.report.Bases = in.recipe.bases()
	}
	switch {
	case x.nginx():
		x.configs()
	case in.Site.Server == "":
		x.add(place{step: StepNginxConfig, evidence: `server: ""`}, provision.SeverityInfo, "site.nginx-unnamed")
	default:
		x.add(place{step: StepNginxConfig, evidence: in.Site.Server}, provision.SeverityInfo, "site.nginx-skipped", in.Site.Server)
	}
	x.pair()
	x.certificateLines()
	x.environment()
	x.attachEdits()
	x.ofSource()
	slices.SortStableFunc(x.report.Problems, func(a, b Problem) int {
		if order := strings.Compare(a.Step, b.Step); order != 0 {
			return order
		}
		if order := strings.Compare(a.File, b.File); order != 0 {
			return order
		}
		return a.Line - b.Line
	})
	return x.report
}

// environment passes on what Docker makes of the environment file that the person may not expect. No value is shown.
func (x *examiner) environment() {
	file := filepath.Base(x.in.Site.EnvironmentFile)
	for _, d := range x.in.Environment {
		at := place{step: StepFiles, file: file, line: d.Line, evidence: d.Name}
		if d.Kind == "alone" { // it may be a part of another's value
			at.evidence = file
		}
		x.add(at, provision.SeverityWarning, "site.environment-"+d.Kind, file, d.Line, d.Name)
	}
}

// examiner carries what the parts of an examination tell each other.
type examiner struct {
	in     Input
	words  *language.Printer
	report Report
	drafts map[string]*draft // by file

	recipe *recipe // nil where nothing can be said of the image: the Dockerfile cannot be read
}

// IsNginx reports whether nginx is what answers.
func (s Site) IsNginx() bool {
	product, _, _ := strings.Cut(s.Server, "/")
	return product == "nginx"
}

func (x *examiner) nginx() bool { return x.in.Site.IsNginx() }

// tls reports whether the site has a certificate.
func (x *examiner) tls() bool { return x.in.Site.Certificate != "" }

// place is where a problem shows.
type place struct {
	step, file string
	line       int
	evidence   string
}

// add notes a problem. The words are those of code+".cause" and code+".fix", with the arguments filled in.
func (x *examiner) add(at place, severity provision.Severity, code string, args ...any) {
	x.report.Problems = append(x.report.Problems, Problem{
		Step: at.step, File: at.file, Line: at.line,
		Finding: provision.Finding{
			Severity: severity, Code: code,
			Cause:    x.say(code+".cause", args),
			Evidence: strings.TrimSpace(at.evidence),
			Fix:      x.say(code+".fix", args),
		},
	})
}

// mendable notes a problem that the file's draft mends.
func (x *examiner) mendable(at place, severity provision.Severity, code string, args ...any) {
	x.add(at, severity, code, args...)
	if at.step == StepNginxConfig && !x.isOwn(at.file) {
		return
	}
	x.draft(at.file).problems = append(x.draft(at.file).problems, len(x.report.Problems)-1)
}
