package site

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/kehuo/provision/provision/site/nginxconf"
)

// say fills the arguments into the words of key. Words refer to arguments by index, %[1]s, and need not use all of them.
func (x *examiner) say(key string, args []any) string {
	if words := x.words.T(key); !strings.Contains(words, "%[") {
		return words
	}
	return x.words.T(key, args...)
}

// draft is a file on the way to its mended state: the text as it was, and replacements in a text that may already differ from
// it by what had to be mended before it could be parsed.
type draft struct {
	original []byte
	text     string
	patches  []patch
	problems []int // indexes into Report.Problems
}

// patch replaces text[start:end].
type patch struct {
	start, end int
	with       string
}

// draft returns the draft of a file; a new one stands at the file's content.
func (x *examiner) draft(file string) *draft {
	if d, ok := x.drafts[file]; ok {
		return d
	}
	d := &draft{}
	for _, f := range append([]File{x.in.Dockerfile, x.in.Ignore, x.in.Certificate, x.in.Key}, append(x.in.Configs, x.in.Scripts...)...) {
		if f.Path == file {
			d.original, d.text = f.raw, string(f.Content)
		}
	}
	x.drafts[file] = d
	return d
}

// isOwn reports whether a file of nginx's configuration is one of the source, as it is there: others nobody mends.
func (x *examiner) isOwn(file string) bool {
	return slices.ContainsFunc(x.in.Configs, func(f File) bool { return f.Path == file && !f.Fixed })
}

// draftOf is the draft of a file of nginx's configuration; of one that nobody mends, a new one each time.
func (x *examiner) draftOf(f *nginxconf.File) *draft {
	if x.isOwn(f.Path) {
		return x.draft(f.Path)
	}
	return &draft{text: f.Text}
}

func (d *draft) replace(start, end int, with string) {
	d.patches = append(d.patches, patch{start, end, with})
}

// insertLines puts lines below the line that holds the byte at position.
func (d *draft) insertLines(position int, lines ...string) {
	eol := d.eol()
	stop := lineEnd(d.text, position)
	text := strings.Join(lines, eol)
	if stop == len(d.text) { // the last line has no end
		if d.text != "" && !strings.HasSuffix(d.text, "\n") {
			text = eol + text
		}
		d.replace(stop, stop, text+eol)
		return
	}
	d.replace(stop+1, stop+1, text+eol)
}

// eol is the line end that the file has.
func (d *draft) eol() string {
	if strings.Contains(d.text, "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// content is the text with all patches. Of two that overlap the first one holds.
func (d *draft) content() []byte {
	patches := slices.Clone(d.patches)
	slices.SortStableFunc(patches, func(a, b patch) int { return cmp.Compare(a.start, b.start) })
	var out bytes.Buffer
	at := 0
	for _, p := range patches {
		if p.start < at {
			continue
		}
		out.WriteString(d.text[at:p.start])
		out.WriteString(p.with)
		at = p.end
	}
	out.WriteString(d.text[at:])
	return out.Bytes()
}

// attachEdits gives every problem that a draft mends the finished edit.
func (x *examiner) attachEdits() {
	for file, d := range x.drafts {
		content := d.content()
		if len(d.problems) == 0 || bytes.Equal(content, d.original) {
			continue
		}
		edit := &Edit{File: file, Content: content, Diff: Unified(file, d.original, content), before: d.original}
		if file == x.in.Key.Path {
			edit.Diff = Unified(file, []byte("…\n"), []byte("… UTF-8\n")) // a key is not shown
		}
		for _, i := range d.problems {
			x.report.Problems[i].Edit = edit
		}
	}
}

// Unified is the difference as patch and git apply read it.
func Unified(file string, before, after []byte) string {
	text := diff.Diff("a/"+file, before, "b/"+file, after)
	_, text, _ = bytes.Cut(text, []byte("\n")) // the line "diff a/file b/file"
	return string(text)
}

// lineStart and lineEnd are the offsets of the first byte of the line that holds position, and of its line feed.
func lineStart(text string, position int) int {
	return strings.LastIndexByte(text[:position], '\n') + 1
}

func lineEnd(text string, position int) int {
	if i := strings.IndexByte(text[position:], '\n'); i >= 0 {
		return position + i
	}
	return len(text)
}

// lineOf is line n of a text, from 1; empty beyond its end.
func lineOf(text string, n int) string {
	for range n - 1 {
		i := strings.IndexByte(text, '\n')
		if i < 0 {
			return ""
		}
		text = text[i+1:]
	}
	return strings.TrimRight(text[:lineEnd(text, 0)], "\r")
}

// lineOffset is the offset at which line n begins, from 1; the text's length beyond its end.
func lineOffset(text string, n int) int {
	at := 0
	for range n - 1 {
		i := strings.IndexByte(text[at:], '\n')
		if i < 0 {
			return len(text)
		}
		at += i + 1
	}
	return at
}
