package diagnose

import "bytes"

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

func prefixLength(line []byte) int {
	if len(line) < 3 {
		return 0
	}
	switch c := line[0]; {
	case c == '#':
		return stepPrefix(line)
	case c >= '0' && c <= '9':
		return max(timePrefix(line), clockPrefix(line))
	case c == '[':
		if end := bytes.IndexByte(line, ']'); end > 0 && end < 48 && timePrefix(line[1:]) > 0 {
			return end + 1
		}
		return 0
	case c == '=':
		return literalPrefix(line, "=> => # ")
	case c == 't':
		return logfmtPrefix(line)
	case c >= 'A' && c <= 'Z':
		if n := syslogPrefix(line); n > 0 {
			return n
		}
	}
	if n := composePrefix(line); n > 0 {
		return n
	}
	for _, word := range []string{"remote: ", "stderr: ", "stdout: ", "ssh: stderr: ", "##[error]", "Error response from daemon: error response from daemon: "} {
		if n := literalPrefix(line, word); n > 0 {
			return n
		}
	}
	return 0
}

func literalPrefix(line []byte, word string) int {
	if len(line) > len(word) && string(line[:len(word)]) == word {
		return len(word)
	}
	return 0
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

// timePrefix measures "2024-01-02T03:04:05.678Z ", "2024/01/02 03:04:05 ", "2024-01-02 03:04:05,678 +0000 " and "03:04:05 ".
func timePrefix(line []byte) int {
	n := 0
	if len(line) > 11 && digits(line) == 4 && (line[4] == '-' || line[4] == '/') && line[7] == line[4] {
		n = 10
		if line[10] != 'T' && line[10] != ' ' {
			return 0
		}
		n++
	}
	clock := line[n:]
	if len(clock) < 8 || digits(clock) != 2 || clock[2] != ':' || clock[5] != ':' || digits(clock[6:]) != 2 {
		return 0
	}
	n += 8
	if n < len(line) && (line[n] == '.' || line[n] == ',') {
		n += 1 + digits(line[n+1:])
	}
	if n < len(line) && line[n] == 'Z' {
		return n + 1
	}
	zone := line[n:]
	if len(zone) > 5 && zone[0] == ' ' && (zone[1] == '+' || zone[1] == '-') {
		zone, n = zone[1:], n+1
	}
	if len(zone) > 4 && (zone[0] == '+' || zone[0] == '-') {
		n += 1 + digits(zone[1:])
		if n < len(line) && line[n] == ':' {
			n += 1 + digits(line[n+1:])
		}
	}
	if n < len(line) && line[n] != ' ' && line[n] != ']' {
		return 0
	}
	return n
}

// syslogPrefix measures "Jan  2 03:04:05 host sshd[123]: ".
func syslogPrefix(line []byte) int {
	if len(line) < 16 || line[3] != ' ' || line[6] != ' ' || line[9] != ':' || line[12] != ':' {
		return 0
	}
	end := bytes.Index(line[16:min(len(line), 120)], []byte(": "))
	if end < 0 {
		return 16
	}
	return 16 + end + 2
}

// logfmtPrefix measures `time="…" level=error msg=`, as dockerd and its clients log.
func logfmtPrefix(line []byte) int {
	if literalPrefix(line, "time=") == 0 {
		return 0
	}
	if i := bytes.Index(line[:min(len(line), 160)], []byte("msg=")); i > 0 {
		return i + len("msg=")
	}
	return 0
}

// composePrefix measures "web-1  | ", as Compose puts it before each line of a service.
func composePrefix(line []byte) int {
	bar := bytes.Index(line[:min(len(line), 64)], []byte(" | "))
	if bar <= 0 {
		return 0
	}
	name := bytes.TrimRight(line[:bar], " ")
	letters := false
	for _, c := range name {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			letters = true
		case c >= '0' && c <= '9', c == '_', c == '-', c == '.':
		default:
			return 0
		}
	}
	if !letters {
		return 0
	}
	return bar + 3
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
