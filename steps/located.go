package steps

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/site"
)

// located gives the finding that explains a failure the file of the site that it is about, and the line, as far as what was printed
// shows them.
func (h *Host) located(step string, findings []provision.Finding, printed []string) []provision.Finding {
	at := slices.IndexFunc(findings, provision.Finding.Grave)
	if at < 0 || findings[at].File != "" {
		return findings
	}
	text := append(slices.Clone(printed), strings.Split(findings[at].Evidence, "\n")...)
	origins := site.NewOrigins(os.DirFS(h.Inventory.Site.Source), site.Of(h.Inventory.Site))
	var file string
	var line int
	switch step {
	case Build:
		file, line = inBuild(origins, text, findings[at])
	case Image, Run, Status, Site:
		file, line = inTrace(origins, text)
	}
	if file != "" {
		findings[at].File, findings[at].Line = file, line
	}
	return findings
}

var (
	// recipePlace is where BuildKit says that a build stopped, and where either builder says that it cannot read the Dockerfile.
	recipePlace = regexp.MustCompile(`(?i)^Dockerfile:(\d+)$|dockerfile parse error (?:on )?line (\d+)`)
	// instruction is what a build has come to, in the words of either builder.
	instruction = regexp.MustCompile(`^(?:Step \d+/\d+ : | > \[[^]]*\] )(.+?):?$`)
	// requirement is the list of packages of pip, with the line where pip names it.
	requirement = regexp.MustCompile(`(?:-r|--requirement)[ =]?([^\s;&|)]+\.txt)(?: \(line (\d+)\))?`)
	quotedName  = regexp.MustCompile(`[A-Za-z0-9][A-Za-z0-9._-]+`)
)

// inBuild is where a build failed: at a package of a list that pip was given, else at a line of the Dockerfile.
func inBuild(origins site.Origins, text []string, finding provision.Finding) (file string, line int) {
	var last string
	for _, row := range text {
		if m := instruction.FindStringSubmatch(row); m != nil {
			last, line = m[1], origins.Line(m[1])
		}
		if m := recipePlace.FindStringSubmatch(strings.TrimSpace(row)); m != nil {
			line = number(m[1] + m[2])
		}
	}
	if file, at := inRequirements(origins, last, finding); file != "" {
		return file, at
	}
	if line == 0 {
		return "", 0
	}
	return origins.Dockerfile, line
}

// inRequirements is the line of pip's list that the evidence speaks of.
func inRequirements(origins site.Origins, instruction string, finding provision.Finding) (file string, line int) {
	m := requirement.FindStringSubmatch(instruction)
	if m == nil {
		return "", 0
	}
	if file = origins.File(m[1]); file == "" {
		return "", 0
	}
	if m := requirement.FindStringSubmatch(finding.Evidence); m != nil && m[2] != "" {
		return file, number(m[2])
	}
	for _, word := range quotedName.FindAllString(finding.Evidence, -1) {
		if line := origins.LineWith(file, word); line > 0 {
			return file, line
		}
	}
	return "", 0
}

var (
	// pythonFrame is a frame of a traceback, the innermost of which comes last.
	pythonFrame = regexp.MustCompile(`File "([^"]+)", line (\d+)`)
	// otherFrame is how nginx, Node, Ruby, Go and shells name a place, the innermost first, and how PHP does.
	otherFrame = regexp.MustCompile(`(/[^\s:()"'\[\]]+):(?: line )?(\d+)|in (/\S+) on line (\d+)`)
)

// inTrace is the innermost place in a file of the site that a program has named.
func inTrace(origins site.Origins, text []string) (file string, line int) {
	for _, row := range slices.Backward(text) {
		if m := pythonFrame.FindStringSubmatch(row); m != nil {
			if file := origins.File(m[1]); file != "" {
				return file, number(m[2])
			}
		}
	}
	for _, row := range text {
		for _, m := range otherFrame.FindAllStringSubmatch(row, -1) {
			if file := origins.File(m[1] + m[3]); file != "" {
				return file, number(m[2] + m[4])
			}
		}
	}
	return "", 0
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits) // of digits, or of none; a number too large is no line
	return n
}
