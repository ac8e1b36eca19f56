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

// checkVariable accepts the name of an environment variable. Dots and dashes are beyond POSIX, and some applications use them.
func checkVariable(name string) error {
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

// ReadEnvironment reads a file of NAME=value lines as docker run --env-file does: blank lines and lines that begin with # are
// left out, quotes are part of the value, and of two lines for one name the last one holds. The values are secrets, and no
// error shows one.
func ReadEnvironment(path string) (map[string]provision.Secret, error) {
	content, err := environmentContent(path)
	if err != nil {
		return nil, err
	}
	values := map[string]provision.Secret{}
	for n, line := range bytes.Split(content, []byte("\n")) {
		name, value, err := environmentLine(string(bytes.TrimSuffix(line, []byte("\r"))))
		if err != nil {
			return nil, invalid("inventory.environment-line", path, n+1, err)
		}
		if name != "" {
			values[name] = provision.NewSecret(value)
		}
	}
	return values, nil
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
	}
	return bytes.TrimPrefix(content, []byte("\xef\xbb\xbf")), nil
}

// environmentLine splits a line; no name stands for a line without a variable.
func environmentLine(line string) (name, value string, err error) {
	line = strings.TrimLeftFunc(line, unicode.IsSpace)
	if line == "" || strings.HasPrefix(line, "#") {
		return "", "", nil
	}
	name, value, ok := strings.Cut(line, "=")
	switch {
	case !utf8.ValidString(line) || strings.ContainsRune(line, 0):
		return "", "", invalid("inventory.environment-utf-8")
	case len(line) >= maxEnvironmentLine:
		return "", "", invalid("inventory.environment-long", maxEnvironmentLine)
	case !ok:
		return "", "", invalid("inventory.environment-no-equals")
	case name == "":
		return "", "", invalid("inventory.environment-no-name")
	case strings.HasPrefix(name, "export "):
		return "", "", invalid("inventory.environment-export")
	case strings.ContainsFunc(name, unicode.IsSpace):
		return "", "", invalid("inventory.environment-blank")
	case checkVariable(name) != nil:
		return "", "", invalid("inventory.environment-name")
	}
	return name, value, nil
}
