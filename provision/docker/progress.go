package docker

import (
	"strconv"
	"strings"
)

// Progress follows a build by its output, whichever builder prints it: "Step 3/8 : RUN …" of the classic one, "#7 [3/8] RUN …"
// of BuildKit's plain output.
type Progress struct{ done, total int }

// Instruction is what a build has come to: the I-th of N, as the Dockerfile has it.
type Instruction struct {
	I, N int
	Text string
}

// Next looks through lines of the build's output, parted by \n, for the first one at which the build comes to another
// instruction, and returns how far they go up to the end of that line. Without such a line that is all, and nil.
func (p *Progress) Next(lines string) (through int, next *Instruction) {
	for line := range strings.SplitSeq(lines, "\n") {
		through += len(line)
		i, n, text, ok := parseClassic(line)
		if !ok {
			i, n, text, ok = parseBuildKit(line)
		}
		// BuildKit announces stages out of order and repeats itself: only ever forward.
		if ok && (n > p.total || (n == p.total && i > p.done)) {
			p.done, p.total = i, n
			return through, &Instruction{i, n, text}
		}
		through++ // the line end
	}
	return len(lines), nil
}

func parseClassic(line string) (i, n int, instruction string, ok bool) {
	rest, found := strings.CutPrefix(line, "Step ")
	if !found {
		return 0, 0, "", false
	}
	count, instruction, found := strings.Cut(rest, " : ")
	if !found {
		return 0, 0, "", false
	}
	i, n, ok = parseCount(count)
	return i, n, instruction, ok
}

func parseBuildKit(line string) (i, n int, instruction string, ok bool) {
	if !strings.HasPrefix(line, "#") { // most lines of a build, of which there may be millions
		return 0, 0, "", false
	}
	vertex, rest, found := strings.Cut(line, " [")
	// Behind the number and a time comes what a command printed: "#7 0.412 [9/9] linking".
	if !found || strings.Contains(vertex, " ") {
		return 0, 0, "", false
	}
	count, instruction, found := strings.Cut(rest, "] ")
	if !found {
		return 0, 0, "", false
	}
	if at := strings.LastIndexByte(count, ' '); at >= 0 { // "stage-1 3/8"
		count = count[at+1:]
	}
	i, n, ok = parseCount(count)
	return i, n, instruction, ok
}

func parseCount(text string) (i, n int, ok bool) {
	left, right, found := strings.Cut(text, "/")
	if !found {
		return 0, 0, false
	}
	i, err := strconv.Atoi(strings.TrimSpace(left))
	if err != nil {
		return 0, 0, false
	}
	n, err = strconv.Atoi(strings.TrimSpace(right))
	return i, n, err == nil && i > 0 && n >= i
}
