package safetext_test

import (
	"strings"
	"testing"

	"github.com/kehuo/provision/provision/safetext"
)

// byByte is what Prefix must answer.
func byByte(text string) int {
	for i := range len(text) {
		if text[i] < 0x20 || text[i] > 0x7e {
			return i
		}
	}
	return len(text)
}

func TestEveryByteAtEveryPlace(t *testing.T) {
	for length := range 27 {
		if text := strings.Repeat("~", length); safetext.Prefix(text) != length {
			t.Errorf("%q: %d", text, safetext.Prefix(text))
		}
		for at := range length {
			for b := range 256 {
				text := []byte(strings.Repeat(" ~aZ", 7)[:length])
				text[at] = byte(b)
				if got, want := safetext.Prefix(string(text)), byByte(string(text)); got != want {
					t.Fatalf("%q: %d, want %d", text, got, want)
				}
			}
		}
	}
}

func FuzzPrefix(f *testing.F) {
	f.Add("Step 1/9 : FROM \x1b[31mred\x7f 构造")
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := safetext.Prefix(text), byByte(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	})
}
