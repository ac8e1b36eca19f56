package diagnose

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/kehuo/provision/provision/safetext"
)

const (
	readSize  = 64 << 10 // bytes read at a time
	pieceSize = 8 << 10  // a longer line is looked at in pieces of this size
	overlap   = 256      // bytes that a piece shares with the one before, so that a message on the seam is still whole
)

// eachLine calls emit for every line of r. A carriage return ends a line too: progress bars draw over themselves with it.
// The slice is only valid during the call.
func eachLine(r io.Reader, emit func([]byte)) error {
	in := bufio.NewReaderSize(r, readSize)
	for {
		chunk, err := in.ReadSlice('\n')
		for part := range bytes.SplitSeq(bytes.TrimSuffix(chunk, []byte("\n")), []byte("\r")) {
			for start := 0; start < len(part); start += pieceSize {
				emit(part[max(0, start-overlap):min(len(part), start+pieceSize)])
			}
		}
		switch {
		case err == nil, errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF):
			return nil
		default:
			return err
		}
	}
}

// clean is line as it can be shown on a terminal, without colours that were spelt out or lost their escape character ("[91m")
// either, and without rubbish in front of a message.
func clean(line []byte) []byte {
	if !isPrintable(line) {
		line = bytes.TrimLeft([]byte(safetext.Clean(string(line))), "\uFFFD")
	}
	for i := 0; ; i++ {
		bracket := bytes.IndexByte(line[i:], '[')
		if bracket < 0 {
			return bytes.TrimRight(line, " \t")
		}
		if i += bracket; colourLength(line[i:]) > 0 {
			line, i = withoutColour(line, i)
		}
	}
}

func isPrintable(line []byte) bool {
	for _, c := range line {
		if (c < ' ' && c != '\t') || c >= 0x7f {
			return false
		}
	}
	return true
}

// colourLength measures "[0;91m" and "[K".
func colourLength(line []byte) int {
	i := 1
	for i < len(line) && i < 15 && (line[i] >= '0' && line[i] <= '9' || line[i] == ';') {
		i++
	}
	if i < len(line) && (line[i] == 'm' && i > 1 || line[i] == 'K' && i <= 2) {
		return i + 1
	}
	return 0
}

// withoutColour returns a copy of line without the colour at i, and without the escape character that a log spelt out there;
// and the position to go on from.
func withoutColour(line []byte, i int) ([]byte, int) {
	before := line[:i]
	for _, escape := range []string{`\u001b`, `\x1b`, `\033`, `\e`, "^["} {
		if rest, ok := bytes.CutSuffix(before, []byte(escape)); ok {
			before = rest
			break
		}
	}
	return append(bytes.Clone(before), line[i+colourLength(line[i:]):]...), len(before) - 1
}

// quotes are the typographic marks that localised tools put around names, and those that a log escaped; patterns are written
// with plain ones.
var quotes = strings.NewReplacer("‘", "'", "’", "'", "`", "'", "´", "'", "“", `"`, "”", `"`, "«", `"`, "»", `"`, "„", `"`, "：", ": ", `\"`, `"`)

// straighten is line with plain quotation marks.
func straighten(line []byte) []byte {
	for i, c := range line {
		if c >= 0x7f || c == '`' || c == '\\' && i+1 < len(line) && line[i+1] == '"' {
			return []byte(quotes.Replace(string(line)))
		}
	}
	return line
}

// maxPrefixes bounds how many decorations are taken off one line; they nest (a time inside a step inside a service).
const maxPrefixes = 6

// undecorate returns line without what loggers put in front: BuildKit's step and clock, times, syslog's host and program,
// Compose's service, the colours' remains. Patterns can then be anchored to the start of the message.
func undecorate(line []byte) []byte {
	line = bytes.TrimLeft(line, " \t")
	for range maxPrefixes {
		n := prefixLength(line)
		if n == 0 {
			break
		}
		line = bytes.TrimLeft(line[n:], " \t")
	}
	return line
}

// decoration is what a logger may put in front of a message, but for BuildKit's, which is on every line of a build.
var decoration = regexp.MustCompile(`^(?:` + strings.Join([]string{
	`(?:\d{4}([-/])\d\d[-/]\d\d[T ])?` + clockTime + `(?: |$)`,       // 2024-01-02T03:04:05.678Z, 2024/01/02 03:04:05,678 +0000, 03:04:05
	`\[(?:\d{4}[-/]\d\d[-/]\d\d[T ])?` + clockTime + `[^\]]{0,20}\]`, // the same in brackets
	`[A-Z]\w\w [ \d]\d \d\d:\d\d:\d\d (?:.{0,100}?: )?`,              // syslog's "Jan  2 03:04:05 host sshd[123]: "
	`time=.{0,150}?msg=`,                                              // dockerd and its clients
	`[\w.-]{0,60}[A-Za-z][\w.-]{0,60} +\| `,                           // Compose, before each line of a service
	`(?:ssh: )?(?:remote|stderr|stdout): `, `##\[error\]`, `=> => # `, //
	`Error response from daemon: error response from daemon: `,
}, "|") + ")")

const clockTime = `\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z| ?[-+]\d\d:?\d\d)?`

// prefixLength is the length of the decoration that line starts with; 0 for none.
func prefixLength(line []byte) int {
	if len(line) < 3 {
		return 0
	}
	switch c := line[0]; {
	case c == '#':
		if n := stepPrefix(line); n > 0 {
			return n
		}
	case c >= '0' && c <= '9':
		if n := clockPrefix(line); n > 0 {
			return n
		}
	case c == '[':
		if line[1] < '0' || line[1] > '9' {
			return 0
		}
	case c == '=' || c == 'E':
	case !bytes.ContainsAny(line[:min(len(line), 10)], ":=") && !bytes.Contains(line[:min(len(line), 64)], []byte(" | ")):
		return 0 // most lines, and quickly
	}
	return len(decoration.Find(line))
}

func digits(line []byte) int {
	n := 0
	for n < len(line) && line[n] >= '0' && line[n] <= '9' {
		n++
	}
	return n
}

// stepPrefix measures BuildKit's "#12 3.456 " and "#12 ".
func stepPrefix(line []byte) int {
	n := digits(line[1:])
	if n == 0 || n > 5 || 1+n >= len(line) || line[1+n] != ' ' {
		return 0
	}
	return n + 2 + clockPrefix(line[n+2:])
}

// clockPrefix measures the seconds that BuildKit puts before a line, "3.456 ".
func clockPrefix(line []byte) int {
	n := digits(line)
	if n == 0 || n > 6 || n >= len(line) || line[n] != '.' {
		return 0
	}
	m := digits(line[n+1:])
	if m < 1 || m > 3 || n+1+m >= len(line) || line[n+1+m] != ' ' {
		return 0
	}
	return n + m + 2
}

// echoes tells whether a line repeats what was typed (a Dockerfile's instruction, a shell's trace, the command that
// failed) rather than what a program said. A failure named in a command is no failure.
func echoes(plain, text []byte) bool {
	for _, start := range []string{"Step ", "STEP ", "+ ", "$ ", "> [", "=> [", "=> CACHED [", "=> ERROR [", "[stage", "CACHED [", "ERROR [", "--->"} {
		if bytes.HasPrefix(text, []byte(start)) {
			return start != "Step " || bytes.Contains(text, []byte(" : "))
		}
	}
	if plain[0] == '#' && stepName(text) {
		return true
	}
	if sourceLine(text) {
		return true
	}
	for _, part := range []string{"The command '", "The command [", "process \"", "executor failed running [", "while running runtime: ", "error building at STEP", "error while running runtime"} {
		if bytes.Contains(text, []byte(part)) {
			return true
		}
	}
	return false
}

// stepName recognises how BuildKit names a step: "[3/5] RUN …", "[web 3/5] COPY …", "[internal] load …".
func stepName(text []byte) bool {
	end := bytes.IndexByte(text, ']')
	if text[0] != '[' || end < 2 {
		return false
	}
	inside := text[1:end]
	slash := bytes.LastIndexByte(inside, '/')
	return slash > 0 && digits(inside[slash+1:]) > 0 || bytes.Equal(inside, []byte("internal")) || bytes.HasPrefix(inside, []byte("auth"))
}

// sourceLine recognises the excerpt of the Dockerfile that BuildKit prints: "   3 | >>> RUN make".
func sourceLine(text []byte) bool {
	n := digits(text)
	return n > 0 && n < 5 && bytes.HasPrefix(bytes.TrimLeft(text[n:], " "), []byte("|"))
}
