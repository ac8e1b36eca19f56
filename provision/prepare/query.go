// Package prepare is a bare host as values: the facts of it, which one script gathers, what is wanted of it, and the commands that
// lead from the one to the other.
package prepare

import (
	"embed"
	"strconv"
	"strings"

	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
)

//go:embed *.sh
var files embed.FS

var factsScript = shell.Load(files, "facts.sh", "facts_system.sh", "facts_account.sh", "facts_docker.sh", "facts_firewall.sh", "facts_ssh.sh")

// Query says what to ask a host.
type Query struct {
	User     string   // the deploy user
	Packages []string // whether they are installed
	Images   []string // whether the engine has them
}

// Script prints the facts, one a line, as NAME VALUE; a name with several values has a line for each. It does the same for every
// user, and sees more as root.
func (q Query) Script() shell.Text {
	return factsScript.With(q.User, strings.Join(q.Packages, " "), strings.Join(q.Images, " "))
}

// Facts is what is known of a host. It is a value that is replaced, never patched.
type Facts struct {
	User     string   // who looked
	Root     bool     // as root: what it does not say is not there
	MayRoot  bool     // sudo runs anything for this user, unasked or for a password
	Groups   []string // of that user
	System   System
	Account  Account
	Docker   Docker
	Firewall Firewall
	SSH      SSH
}

// Parse reads what the script printed.
func Parse(text []byte) *Facts {
	l := readLines(text)
	f := &Facts{
		User: l.one("user"), Root: l.one("uid") == "0", Groups: strings.Fields(l.one("groups")), MayRoot: l.has("sudo"),
		System: parseSystem(l), Account: parseAccount(l), Docker: parseDocker(l), Firewall: parseFirewall(l), SSH: parseSSH(l),
	}
	return f
}

// lines are the values by their names, in the order in which they were printed.
type lines map[string][]string

// maxLine and maxLines bound what a host may tell of itself.
const (
	maxLine  = 64 << 10
	maxLines = 20_000
)

func readLines(text []byte) lines {
	l := lines{}
	count := 0
	for line := range strings.Lines(string(text)) {
		if count++; count > maxLines {
			break
		}
		line = strings.TrimRight(line, "\r\n")
		name, value, _ := strings.Cut(line[:min(len(line), maxLine)], " ")
		l[name] = append(l[name], safetext.Line(value))
	}
	return l
}

func (l lines) has(name string) bool { return len(l[name]) > 0 }

func (l lines) one(name string) string {
	if values := l[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// number is a value of at least 0.
func (l lines) number(name string) int64 {
	n, _ := strconv.ParseInt(l.one(name), 10, 53)
	return max(0, n)
}

// text are all values of a name as the lines of a file.
func (l lines) text(name string) string {
	if !l.has(name) {
		return ""
	}
	return strings.Join(l[name], "\n") + "\n"
}
