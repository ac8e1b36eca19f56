package transfer

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/remote"
	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/shell"
	"github.com/kehuo/provision/provision/tree"
)

//go:embed content.sh
var contentFiles embed.FS

var contentScript = shell.Load(contentFiles, "content.sh")

// What a plan shows of texts at most.
const (
	shownFiles = 20
	shownBytes = 32 << 10 // of a file
	shownLines = 40       // of a file's diff
	shownWidth = 200      // of a line
)

// Texts are the contents on the host of small text files that would get another one, by their paths.
type Texts map[string][]byte

// Texts asks the host for them; secret names files that are none of a plan's business.
func (d Difference) Texts(ctx context.Context, exec func(context.Context, remote.Command) ([]byte, error), directory string, secret func(tree.Entry) bool) (Texts, error) {
	var asked []PathChange
	mark := rand.Text()
	arguments := []string{directory, mark, strconv.Itoa(shownBytes)}
	for _, c := range d.Changes {
		private := (c.Want.Mode|c.Have.Mode)&0o077 == 0 || secret(c.Want)
		if c.Reason == Content && c.Want.Kind == tree.File && c.Want.Size <= shownBytes && c.Have.Hashed && !private && len(asked) < shownFiles {
			asked, arguments = append(asked, c), append(arguments, c.Path)
		}
	}
	if len(asked) == 0 {
		return nil, nil
	}
	out, err := exec(ctx, remote.Command{Script: contentScript.With(arguments...)})
	if err != nil {
		return nil, err
	}
	texts := Texts{}
	for _, part := range strings.Split(string(out), mark+" ")[1:] {
		digits, content, _ := strings.Cut(part, "\n")
		n, err := strconv.Atoi(digits)
		content = strings.TrimSuffix(content, "\n")
		if err != nil || n < 1 || n > len(asked) || sha256.Sum256([]byte(content)) != asked[n-1].Have.SHA256 {
			continue // larger than what is shown, or changed since
		}
		texts[asked[n-1].Path] = []byte(content)
	}
	return texts, nil
}

// Unified are the diffs of the texts that would change, in one text that is safe to print; root is the source's folder.
func (d Difference) Unified(texts Texts, root string, words *language.Printer) string {
	var all strings.Builder
	for _, c := range d.Changes {
		old, known := texts[c.Path]
		if !known {
			continue
		}
		if content, ok := localText(filepath.Join(root, filepath.FromSlash(c.Path)), c.Want); ok && isText(old) {
			name := tree.Shown(c.Path)
			all.WriteString(hunks(string(diff.Diff(name, old, name, content)), words))
		}
	}
	return all.String()
}

// localText is a file here, where it is the one that was scanned and may be shown.
func localText(file string, want tree.Entry) ([]byte, bool) {
	f, err := os.Open(file)
	if err != nil {
		return nil, false
	}
	defer func() { _ = f.Close() }() // it was only read
	content, err := io.ReadAll(io.LimitReader(f, shownBytes+1))
	return content, err == nil && sha256.Sum256(content) == want.SHA256 && isText(content)
}

// isText reports whether a person can read it, and may: a key is for nobody's eyes.
func isText(content []byte) bool {
	return utf8.Valid(content) && bytes.IndexByte(content, 0) < 0 && !bytes.Contains(content, []byte("-----BEGIN ")) && !bytes.Contains(content, []byte("PRIVATE KEY"))
}

// hunks is a diff without its first line, as much of it as a plan shows.
func hunks(text string, words *language.Printer) string {
	_, text, _ = strings.Cut(text, "\n") // "diff NAME NAME"
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	left := len(lines) - shownLines
	if left > 0 {
		lines = lines[:shownLines]
	}
	for i, line := range lines {
		lines[i] = safetext.Abbreviate(safetext.Line(line), shownWidth)
	}
	if left > 0 {
		lines = append(lines, words.T("plan.path.more", left))
	}
	return strings.Join(lines, "\n") + "\n"
}
