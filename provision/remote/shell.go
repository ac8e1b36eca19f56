package remote

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kehuo/provision/provision/shell"
)

// inlineLimit is the longest script that travels in the exec request. Linux takes 128 KiB for one argument.
const inlineLimit = 100 << 10

// preamble makes every host look alike: messages in English, the places where docker and sudo tend to be, no surprises
// from CDPATH. Directories are appended, so that the host's own order holds.
const preamble = `LC_ALL=C; export LC_ALL; unset CDPATH; PATH=${PATH:-/usr/bin:/bin}:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin:/snap/bin
`

// lifeline ends the process group when the other end of standard input is closed: the client hung up, gave the command up
// or lost the link. It is no child of the command's shell, so that a wait in there does not wait for it, and it stands aside
// when the command has ended by itself. $g is the process group.
const lifeline = `exec 3<&0 </dev/null
( ( trap '' HUP INT TERM; while read -r _; do :; done; kill -0 $$ || exit 0; kill -TERM "-$g" || kill -TERM $$; sleep %d; kill -KILL "-$g" || kill -KILL $$ ) <&3 >/dev/null 2>&1 & )
exec 3<&-
`

// script is what /bin/sh runs on the host for cmd, once the login shell and sudo are out of the way.
func (cmd Command) script() (string, error) {
	var b strings.Builder
	if cmd.Stdin == nil && !cmd.detached && cmd.Terminal == nil {
		fmt.Fprintf(&b, lifeline, int(cmd.grace()/time.Second))
	}
	if cmd.Dir != "" {
		fmt.Fprintf(&b, "cd -- %s || exit 1\n", shell.Quote(cmd.Dir))
	}
	switch {
	case len(cmd.Argv) > 0 && cmd.Script != "":
		return "", errors.New("a command is either Argv or Script, not both")
	case len(cmd.Argv) > 0:
		b.WriteString("exec " + shell.Quote(cmd.Argv...))
	case cmd.Script != "":
		b.WriteString(string(cmd.Script))
	default:
		return "", errors.New("a command needs Argv or Script")
	}
	if strings.IndexByte(b.String(), 0) >= 0 {
		return "", errors.New("a command cannot hold a NUL byte")
	}
	return b.String(), nil
}

// announce prints the line by which the client knows that the script has begun, after whatever a login shell's start-up
// files may have printed, and the process group that it leads.
func announce(nonce string) string { return `printf '\001%s %s\n' ` + nonce + " \"$g\"\n" }

// bootstrap is the command line for the login shell, whichever it is. It replaces the login shell by /bin/sh, which thereby
// leads the session's process group.
func bootstrap(script string) string {
	return `exec /bin/sh -c 'eval "$(printf %b "` + armour(script) + `")"'`
}

// bootstrapFromInput is bootstrap for a script that is too long for an argument: it comes first on standard input. Where
// nothing follows it, it ends at a line that begins with the nonce; else dd counts its bytes, so that none of what follows
// is taken.
func bootstrapFromInput(size int, nonce string, more bool) string {
	if !more {
		return `exec /bin/sh -c 'eval "$(LC_ALL=C sed -n "/^` + nonce + `/q;p")"'`
	}
	return fmt.Sprintf(`exec /bin/sh -c 'eval "$(dd bs=1 count=%d 2>/dev/null)"'`, size)
}
