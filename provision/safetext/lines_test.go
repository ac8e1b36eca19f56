package safetext_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/safetext"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLines(t *testing.T) {
	var got []string
	lines := safetext.NewLines(safetext.EachLine(func(line string) { got = append(got, line) }))
	for _, piece := range []string{"a\r", "\nb\rc", "\n\x1b[31mred\x1b[0m\n", "\x1b]0;title\x07x\n", "\xffbad\n", "e\xc3", "\xa9\n", "\u202eevil\n", "bell\x07\x08\n", "\x9b31mc1\n", "last"} {
		_, err := lines.Write([]byte(piece))
		must(t, err)
	}
	lines.Flush()
	want := []string{"a", "b", "c", "red", "x", "�bad", "eé", "evil", "bell", "�31mc1", "last"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	got = nil
	_, err := lines.Write(bytes.Repeat([]byte("é"), 100_000))
	must(t, err)
	lines.Flush()
	if text := strings.Join(got, ""); text != strings.Repeat("é", 100_000) || len(got) < 10 {
		t.Errorf("%d lines, %d bytes", len(got), len(text))
	}
}

// However output is cut on its way, it makes the same lines.
func FuzzLines(f *testing.F) {
	f.Add("one\r\ntwo\n\nthree\rfour", uint64(1))
	f.Add(strings.Repeat("构造", 9000)+"\n"+strings.Repeat("x", 17<<10)+"\r", uint64(2))
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		var whole, cut []string
		at := safetext.NewLines(safetext.EachLine(func(line string) { whole = append(whole, line) }))
		_, err := at.Write([]byte(text))
		must(t, err)
		at.Flush()
		in := safetext.NewLines(safetext.EachLine(func(line string) { cut = append(cut, line) }))
		random := rand.New(rand.NewPCG(seed, 0))
		for rest := text; rest != ""; {
			n := 1 + random.IntN(min(len(rest), 1<<random.IntN(16)))
			_, err := in.Write([]byte(rest[:n]))
			must(t, err)
			rest = rest[n:]
		}
		in.Flush()
		if !slices.Equal(whole, cut) {
			t.Errorf("%q became %q, and cut into pieces %q", text, whole, cut)
		}
	})
}

func TestTail(t *testing.T) {
	tail := safetext.NewTail(5)
	for _, text := range []string{"a", "bc", "defghijkl", "mn"} {
		_, err := tail.Write([]byte(text))
		must(t, err)
	}
	if got := string(tail.Bytes()); got != "jklmn" {
		t.Errorf("got %q", got)
	}
}
