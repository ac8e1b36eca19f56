package remote

import (
	"bytes"
	"strings"
	"testing"
)

// A host that begins the announcement and never ends it fills nobody's memory, and the true one is found behind it.
func TestAnnouncementWithoutEnd(t *testing.T) {
	var out bytes.Buffer
	b := newStartMarker("NONCE", &out)
	write := func(text string) {
		if n, err := b.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatalf("wrote %d bytes of %d, %v", n, len(text), err)
		}
	}
	const mark = "\x01NONCE "
	for range 40 {
		write(mark + strings.Repeat("x", 100<<10) + mark + "x")
	}
	if n := len(b.noise()); n > noiseLimit {
		t.Errorf("%d bytes are kept", n)
	}
	write(strings.Repeat("x", 100) + mark + "4")
	if b.seen() {
		t.Error("the end of the line was not waited for")
	}
	write("2\noutput")
	if out.String() != "output" || b.group() != 42 {
		t.Errorf("got %q of the group %d", out.String(), b.group())
	}
}
