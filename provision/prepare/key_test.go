package prepare

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
)

// The fingerprints as gpg prints them of the keys in testdata: an RSA key with a subkey, and an Ed25519 key.
const (
	fingerprintA = "950070f4df2ca6e0c61993de6081c99a8561a30a"
	fingerprintB = "79f775290c8994c36f6492601ee52134e777c8de"
)

func TestPinnedKey(t *testing.T) {
	read := func(name string) []byte {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	a, b, both := read("a.asc"), read("b.asc"), read("both.asc")
	for _, test := range []struct {
		name, fingerprint string
		file              []byte
		ok                bool
	}{
		{"a", fingerprintA, a, true},
		{"b", fingerprintB, b, true},
		{"with carriage returns", fingerprintA, bytes.ReplaceAll(a, []byte("\n"), []byte("\r\n")), true},
		{"another key", fingerprintA, b, false},
		{"the right key and another one", fingerprintA, both, false},
		{"a web page", fingerprintA, []byte("<html>" + strings.Repeat("x", 100)), false},
		{"nothing", fingerprintA, nil, false},
		{"cut", fingerprintA, a[:len(a)/2], false},
	} {
		t.Run(test.name, func(t *testing.T) {
			key, err := PinnedKey(test.file, test.fingerprint)
			if (err == nil) != test.ok {
				t.Fatalf("%v", err)
			}
			if test.ok && bytes.Count(key, []byte(keyBegin)) != 1 {
				t.Errorf("%s", key)
			}
		})
	}
	// What follows the first key in the file does not reach the host.
	key, err := PinnedKey(append(bytes.Clone(a), b...), fingerprintA)
	if err != nil || bytes.Count(key, []byte(keyBegin)) != 1 {
		t.Errorf("%v: %s", err, key)
	}
	var wrong *WrongKeyError
	if _, err := PinnedKey(b, fingerprintA); !errors.As(err, &wrong) || wrong.Fingerprint != fingerprintB {
		t.Errorf("%v", err)
	}
}

// FuzzPinnedKey: a mirror may answer anything.
func FuzzPinnedKey(f *testing.F) {
	for _, name := range []string{"a.asc", "b.asc", "both.asc"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if key, err := PinnedKey(file, fingerprintA); err == nil && !bytes.HasPrefix(key, []byte(keyBegin)) {
			t.Errorf("%q", key)
		}
	})
}
