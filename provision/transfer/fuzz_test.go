package transfer

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/safetext"
	"github.com/kehuo/provision/provision/tree"
)

// wanted is a small tree to hold listings against.
func wanted() *tree.Manifest {
	return &tree.Manifest{Entries: []tree.Entry{
		{Path: "Dockerfile", Kind: tree.File, Mode: 0o644, Size: 1, SHA256: [32]byte{1}}, {Path: "app", Kind: tree.Directory, Mode: 0o755},
		{Path: "app/link", Kind: tree.Link, Mode: 0o777, Target: "x"}, {Path: "app/x", Kind: tree.File, Mode: 0o755, Size: 2, SHA256: [32]byte{2}},
	}}
}

// judge holds a listing against a tree, as a run does: nothing outside of the site is touched, and every line may be shown.
func judge(t *testing.T, answer string) {
	t.Helper()
	l, err := ParseHost(strings.NewReader(answer))
	if err != nil {
		if text := english.Error(err); text != safetext.Clean(text) || len(text) > 4096 {
			t.Fatalf("the error %q", text)
		}
		return
	}
	for _, remove := range []bool{false, true} {
		d := Compare(wanted(), l, remove)
		for _, line := range d.Paths(english) {
			if line != safetext.Line(line) {
				t.Fatalf("the plan shows %q", line)
			}
		}
		for _, c := range d.Changes {
			if path.IsAbs(c.Path) || c.Path == ".." || strings.HasPrefix(c.Path, "../") {
				t.Fatalf("%q is outside of the site", c.Path)
			}
		}
		if _, unsent, _, _ := d.Summary(); unsent < 0 || unsent > 3 {
			t.Fatalf("%d bytes to send", unsent)
		}
		s := newStaging(d)
		for _, a := range newPlacement(d).actions(&s) {
			a.text()
		}
	}
}

// FuzzParseHost reads answers as they come.
func FuzzParseHost(f *testing.F) {
	f.Add("transfer 1\nfree 1000\nsame\nend\n")
	f.Add("transfer 1\nmissing\nlacks tar\nfree 99999999999999999999\ninside\nend\n")
	f.Add("transfer 1\nrecorded\n" + packed([]byte("a\x00../b\x00")) + "\n.\nend\n")
	f.Add("transfer 1\nlarge " + strings.Repeat("0", 64) + "\nstaged\nH4sI\n.\nend\n")
	f.Fuzz(judge)
}

// stored is packed without the time and the memory that it takes to compress.
func stored(text string) string {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
	if err == nil {
		_, err = z.Write([]byte(text))
	}
	if err = errors.Join(err, z.Close()); err != nil {
		panic(err) // a buffer takes everything
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// FuzzListing reads what is packed in an answer: what was recorded, what was asked for, what is there, and what is staged.
func FuzzListing(f *testing.F) {
	zeros := strings.Repeat("0", 64)
	f.Add("old\x00", "Dockerfile\x00app\x00app/link\x00app/x\x00old\x00",
		"81a4 Dockerfile\n41ed app\na1ff app/link\n81ed app/x\n81a4 old\n=\n"+zeros+"  ./Dockerfile\n=\napp/link\x00y\x00", "./app/x\x00\x0081ed ./app/x\n=\n=\n", "")
	f.Add("", "a\nb\x00", "81a4 a\nb\n=\n\\"+zeros+"  ./a\\nb\n=\n", "\x00=\n=\n", "recorded-same")
	f.Add("/etc\x00", "..\x00", "", "", "")
	f.Fuzz(func(t *testing.T, recorded, asked, listing, staged, word string) {
		var b bytes.Buffer
		b.WriteString("transfer 1\n")
		for _, part := range []struct{ name, text string }{{"recorded", recorded}, {"paths", asked}, {"listing", listing}, {"staged", staged}} {
			fmt.Fprintf(&b, "%s\n%s\n.\n", part.name, stored(part.text))
		}
		if word != "" {
			b.WriteString(word + "\n")
		}
		b.WriteString("end\n")
		judge(t, b.String())
	})
}

// FuzzListedName checks that a host which has a file tells so, whatever its name, and that it is read.
func FuzzListedName(f *testing.F) {
	f.Add("a", 0)
	f.Add("a\\b\n\r\x1b[31m 日本", 1)
	f.Add("=\n", 2)
	f.Fuzz(func(t *testing.T, name string, way int) {
		if !inside(name) || strings.ContainsRune(name, 0) || len(name) > maxPath-10 {
			name = "a" // no file of a site has such a name: its other spellings are tried all the same
		}
		m := &tree.Manifest{Entries: []tree.Entry{{Path: name, Kind: tree.File, Mode: 0o644, SHA256: [32]byte{7}}}}
		var b bytes.Buffer
		fmt.Fprintf(&b, "81a4 %s\n=\n", name)
		spellings := spellings()
		b.Write(hashLines([]*tree.Entry{&m.Entries[0]}, betweens[way&1], spellings[way>>1&3]))
		b.WriteString(separator)
		l, err := ParseHost(strings.NewReader("transfer 1\npaths\n" + packed([]byte(name+"\x00")) + "\n.\nlisting\n" + packed(b.Bytes()) + "\n.\nend\n"))
		if err != nil {
			t.Fatal(err)
		}
		if d := Compare(m, l, true); !d.Empty() {
			t.Fatalf("differs in %q", d.Paths(english))
		}
	})
}

// FuzzSessionAnswer checks that what a session says is the same however it is cut, and bounded.
func FuzzSessionAnswer(f *testing.F) {
	f.Add("ready\ndone\n", 3)
	f.Add("fault verify\nH4sI\n.\n", 7)
	f.Fuzz(func(t *testing.T, text string, at int) {
		at = max(0, min(at, len(text)))
		whole, cut := answer{ready: make(chan struct{})}, answer{ready: make(chan struct{})}
		_, _ = whole.Write([]byte(text)) // it takes everything
		_, _ = cut.Write([]byte(text[:at]))
		_, _ = cut.Write([]byte(text[at:]))
		if whole.begun != cut.begun || whole.text.String() != cut.text.String() || whole.text.Len() > answerLimit {
			t.Fatalf("%q in one piece, %q in two", whole.text.String(), cut.text.String())
		}
		p := newHostParser(strings.NewReader(text))
		_ = p.staged() // as the answer about damaged files is read
	})
}

// FuzzTellingLine checks that the line of a host's that is quoted is one, and harmless.
func FuzzTellingLine(f *testing.F) {
	f.Add("tar: x: Cannot write: No space left on device\n")
	f.Add("\x1b[31mmkdir: /a/" + strings.Repeat("A", 26) + ": Permission denied\r\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		line := tellingLine(text)
		if strings.Contains(line, "\n") || line != safetext.Clean(line) {
			t.Fatalf("%q is quoted", line)
		}
		if faultIn(text) == "" && faultIn(line) != "" && !strings.Contains(text, "\x1b") && !strings.Contains(text, "\x9b") && !strings.Contains(text, "/") && text == safetext.Clean(text) {
			t.Fatalf("%q tells of a fault, and %q does not", line, text)
		}
		parseBlocks(text)
	})
}
