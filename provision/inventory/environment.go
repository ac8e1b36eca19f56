package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
		return errors.New("has a variable without a name; write NAME: value")
	case strings.ContainsRune(name, '='):
		return fmt.Errorf("%q has an equals sign; write NAME: value", name)
	case foreign(name, nameSymbols) != "" || !strings.Contains(letters+"_", name[:1]):
		return fmt.Errorf("%q is not the name of a variable; use letters, digits and '_', and begin with a letter", name)
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
			return nil, fmt.Errorf("names %s, and its line %d %w", path, n+1, err)
		}
		if name != "" {
			values[name] = provision.NewSecret(value)
		}
	}
	return values, nil
}

func environmentContent(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("names %s, which does not exist; write it with a NAME=value a line, or delete the field", path)
	case err != nil:
		return nil, fmt.Errorf("names %s, which cannot be read (%w); make it readable", path, reason(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("names %s, which is not a file; name one with a NAME=value a line", path)
	case info.Size() > maxSize:
		return nil, fmt.Errorf("names %s, which has more than %d bytes; name a file with a NAME=value a line", path, maxSize)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("names %s, which cannot be read (%w); make it readable", path, reason(err))
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
		return "", "", errors.New("is not text in UTF-8; write NAME=value")
	case len(line) >= maxEnvironmentLine:
		return "", "", fmt.Errorf("is longer than the %d bytes that Docker reads; shorten the value", maxEnvironmentLine)
	case !ok:
		return "", "", errors.New("has no equals sign; write NAME=value")
	case name == "":
		return "", "", errors.New("has no name before the equals sign; write NAME=value")
	case strings.HasPrefix(name, "export "):
		return "", "", errors.New("begins with export, which only a shell understands; write NAME=value alone")
	case strings.ContainsFunc(name, unicode.IsSpace):
		return "", "", errors.New("has a blank before the equals sign; write NAME=value without it")
	case checkVariable(name) != nil:
		return "", "", errors.New("begins with what is not the name of a variable; use letters, digits and '_', and begin with a letter")
	}
	return name, value, nil
}
