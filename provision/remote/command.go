package remote

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/shell"
)

//go:embed scripts
var scripts embed.FS

// script is one of the room's own, without the comments, which would travel with every command.
func script(names ...string) shell.Script {
	for i := range names {
		names[i] = "scripts/" + names[i]
	}
	return shell.Load(scripts, names...)
}

// Command is something to run on the host: Argv as it stands, or Script as POSIX sh text.
type Command struct {
	Argv   []string
	Script shell.Text
	Dir    string // where to run it; default: the login directory
	Sudo   bool   // as root; nothing changes where the user is root already

	// Stdin is sent to the command. Without it the command reads an end of file at once, and its process group ends when
	// the link dies; a command with Stdin sees the end of its input then.
	Stdin          io.Reader
	Stdout, Stderr io.Writer // nil: dropped; the end of standard error is kept for ExitError all the same

	// Limit is how much of standard output Output keeps, in bytes; 0: 4 MiB.
	Limit int

	// Grace is how long the command may take to end when it is given up, between SIGTERM and SIGKILL, in whole seconds; 0: 3 s.
	Grace time.Duration

	// Terminal gives the command a terminal of its own: both streams come as Stdout, and a link that dies hangs up on it.
	Terminal *Terminal

	detached bool // guards its own life: no lifeline
}

// String is the command as a person could type it; empty for a script.
func (cmd Command) String() string {
	switch {
	case len(cmd.Argv) == 0:
		return ""
	case cmd.Sudo:
		return "sudo " + shell.Quote(cmd.Argv...)
	}
	return shell.Quote(cmd.Argv...)
}

// defaultGrace is the time between SIGTERM and SIGKILL of a command that asks for no more.
const defaultGrace = 3 * time.Second

func (cmd Command) grace() time.Duration { return max(cmd.Grace, defaultGrace) }

// graceSeconds is the grace for a script.
func (cmd Command) graceSeconds() string { return strconv.Itoa(int(cmd.grace() / time.Second)) }

// text is what cmd runs.
func (cmd Command) text() (shell.Text, error) {
	text := cmd.Script
	switch {
	case len(cmd.Argv) > 0 && text != "":
		return "", errors.New("a command is either Argv or Script, not both")
	case len(cmd.Argv) > 0:
		text = shell.Exec(cmd.Argv...)
	case text == "":
		return "", errors.New("a command needs Argv or Script")
	}
	if strings.IndexByte(string(text)+cmd.Dir, 0) >= 0 {
		return "", errors.New("a command cannot hold a NUL byte")
	}
	return text, nil
}

// begin is the text of cmd behind what makes it run the same on every host: messages in English, a line by which the client knows
// that it has begun and which process group it leads, and the lifeline. secret tells that a password comes first on standard input.
func (cmd Command) begin(text shell.Text, nonce, leader string, secret bool) shell.Text {
	parts := []string{"begin.sh"}
	if secret {
		parts = append(parts, "secret.sh")
	}
	if cmd.Stdin == nil && !cmd.detached && cmd.Terminal == nil {
		parts = append(parts, "lifeline.sh")
	}
	return script(append(parts, "enter.sh")...).With(nonce, leader, cmd.graceSeconds(), cmd.Dir) + text
}

// inlineLimit is the longest command line, in bytes, that holds its script. Dropbear takes 9,000 and ends the connection over more.
const inlineLimit = 9000

// commandLine is what the login shell is given, whichever it is, to run text, and what goes on standard input in front of
// everything else. It replaces the login shell by /bin/sh, which thereby leads the session's process group.
//
// A text that is too long for the line is that input, and ends with the nonce: a link that dies in the middle of it must not have
// half a script run. A shell that a start-up file puts in the place of ours reads it as a program, and ends at its first line. dd
// takes its bytes and none of what follows; where it knows no fullblock, which it says before it reads, one at
// a time. A terminal would show what it is given.
func commandLine(text shell.Text, nonce string, terminal bool) (line, input string) {
	line = `exec /bin/sh -c 'eval "$(printf %b "$1")"' /bin/sh '` + armour(string(text)) + `'`
	if len(line) <= inlineLimit || terminal {
		return line, ""
	}
	input = `[ "$2" = ` + nonce + " ] || exit 127\n" + string(text) + "\n#" + nonce
	return `exec /bin/sh -c 's=$(dd bs=$1 count=1 iflag=fullblock 2>/dev/null || dd bs=1 count=$1 2>/dev/null); case $s in *"$2") eval "$s"; esac' /bin/sh ` +
		strconv.Itoa(len(input)) + " " + nonce, input
}

// armour writes text so that it survives single quotes in the language of every login shell (the Bourne family, csh, fish),
// where it is decoded by printf %b: what any of them could take amiss is an escape, as short as it can be told from what follows.
func armour(text string) string {
	var b strings.Builder
	b.Grow(len(text) + len(text)/4)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case isPlain(c):
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case i+1 < len(text) && '0' <= text[i+1] && text[i+1] <= '7':
			fmt.Fprintf(&b, `\0%03o`, c)
		default:
			fmt.Fprintf(&b, `\0%o`, c)
		}
	}
	return b.String()
}

func isPlain(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte(" _./:=,@+-;()<>|&{}[]*?~#^%$\"`", c) >= 0
}

func isAlphanumeric(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
