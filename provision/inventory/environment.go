package inventory

import (
	"bytes"
	"errors"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/kehuo/provision/provision"
)

// maxEnvironmentLine is the longest line that docker run --env-file reads (bufio.MaxScanTokenSize).
const maxEnvironmentLine = 64 << 10

// CheckVariable accepts the name of an environment variable that an inventory sets, or that becomes a file's. Dots and dashes are beyond POSIX, and some applications use them.
func CheckVariable(name string) error {
	switch {
	case name == "":
		return invalid("inventory.variable-nameless")
	case strings.ContainsRune(name, '='):
		return invalid("inventory.variable-equals", name)
	case foreign(name, nameSymbols) != "" || !strings.Contains(letters+"_", name[:1]):
		return invalid("inventory.variable-name", name)
	}
	return nil
}

// ReadEnvironment reads a file of variables as docker run --env-file does: blank lines and lines that begin with # are left out,
// quotes and what stands behind them are part of the value, and of two lines for one name the last one holds. A name alone takes
// its value from where docker runs; on a host, over SSH, nothing is there. The values are secrets, and no error shows one.
func ReadEnvironment(path string) (map[string]provision.Secret, error) {
	lines, err := readEnvironment(path)
	if err != nil {
		return nil, err
	}
	values := map[string]provision.Secret{}
	for _, line := range lines {
		if line.given {
			values[line.name] = provision.NewSecret(line.value)
		}
	}
	return values, nil
}

// EnvironmentDoubt is a line of an environment file that Docker takes, and that means something else to most people.
type EnvironmentDoubt struct {
	Line int
	Name string // of the variable
	Kind string // "comment", "quotes", "lines" or "alone"
}

// DoubtEnvironment lists the doubtful lines of an environment file; none where it cannot be read, which [ReadEnvironment] says.
func DoubtEnvironment(path string) []EnvironmentDoubt {
	lines, err := readEnvironment(path)
	if err != nil {
		return nil
	}
	var list []EnvironmentDoubt
	open := byte(0) // the quote that no line has closed yet
	for _, line := range lines {
		kind, quote := line.doubt()
		switch {
		case open != 0:
			if strings.IndexByte(line.name+line.value, open) >= 0 {
				open = 0
			}
			continue // of a value that was to go over several lines
		case kind == "lines":
			open = quote
		case kind == "":
			continue
		}
		list = append(list, EnvironmentDoubt{line.number, line.name, kind})
	}
	return list
}

// environmentLine is a line with a variable.
type environmentLine struct {
	number      int
	name, value string
	given       bool // there is an equals sign
}

// doubt is what is doubtful of a line, and the quote that opens a value and does not close it.
func (l environmentLine) doubt() (kind string, quote byte) {
	value := strings.TrimSpace(l.value)
	switch {
	case !l.given:
		return "alone", 0
	case value == "":
		return "", 0
	}
	if quote = value[0]; quote == '"' || quote == '\'' {
		end := strings.LastIndexByte(value, quote)
		rest := strings.TrimSpace(value[end+1:])
		switch {
		case end == 0:
			return "lines", quote
		case rest == "":
			return "quotes", 0
		case strings.HasPrefix(rest, "#"):
			return "comment", 0
		}
		return "", 0
	}
	if i := strings.IndexByte(l.value, '#'); i > 0 && (l.value[i-1] == ' ' || l.value[i-1] == '\t') {
		return "comment", 0
	}
	return "", 0
}

func readEnvironment(path string) ([]environmentLine, error) {
	content, err := environmentContent(path)
	if err != nil {
		return nil, err
	}
	var list []environmentLine
	opened := 0 // the line of a quote that it does not close
	for n, text := range bytes.Split(content, []byte("\n")) {
		line, err := parseEnvironmentLine(string(bytes.TrimSuffix(text, []byte("\r"))))
		switch {
		case err != nil && opened > 0:
			return nil, invalid("inventory.environment-line", path, opened, invalid("inventory.environment-lines", n+1))
		case err != nil:
			return nil, invalid("inventory.environment-line", path, n+1, err)
		case line.name == "":
			continue
		}
		line.number = n + 1
		list = append(list, line)
		if kind, _ := line.doubt(); line.given && kind != "lines" {
			opened = 0
		} else if kind == "lines" {
			opened = n + 1
		}
	}
	return list, nil
}

func environmentContent(path string) ([]byte, error) {
	content, err := ReadFile(path, maxSize)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, invalid("inventory.environment-missing", path)
	case errors.Is(err, errFolder), errors.Is(err, errSpecial):
		return nil, invalid("inventory.environment-special", path)
	case errors.Is(err, errLarge):
		return nil, invalid("inventory.environment-large", path, maxSize)
	case err != nil:
		return nil, invalid("inventory.path-unreadable", path, reason(err))
	case bytes.HasPrefix(content, []byte("\xff\xfe")), bytes.HasPrefix(content, []byte("\xfe\xff")):
		return nil, invalid("inventory.environment-utf-16", path)
	}
	return bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")), nil
}

// parseEnvironmentLine splits a line; no name stands for a line without a variable. A comment that is no UTF-8 is refused too.
func parseEnvironmentLine(text string) (line environmentLine, err error) {
	switch {
	case !utf8.ValidString(text):
		return line, invalid("inventory.environment-utf-8")
	case len(text) >= maxEnvironmentLine:
		return line, invalid("inventory.environment-long", maxEnvironmentLine)
	}
	text = strings.TrimLeftFunc(text, unicode.IsSpace)
	if text == "" || strings.HasPrefix(text, "#") {
		return line, nil
	}
	name, value, given := strings.Cut(text, "=")
	switch {
	case strings.ContainsRune(text, 0):
		return line, invalid("inventory.environment-nul")
	case name == "":
		return line, invalid("inventory.environment-no-name")
	case strings.HasPrefix(name, "export "):
		return line, invalid("inventory.environment-export")
	case strings.ContainsAny(name, " \t") && !given:
		return line, invalid("inventory.environment-no-equals")
	case strings.ContainsAny(name, " \t"):
		return line, invalid("inventory.environment-blank")
	}
	return environmentLine{name: name, value: value, given: given}, nil
}
