package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAPictureHasEveryRunInItsPlace(t *testing.T) {
	svg := picture("ab \x1b[1;32m<c>\x1b[0m 构\n\x1b[2mx\x1b[0m")
	for _, want := range []string{
		`x="16.0" y="30.0" textLength="16.8" lengthAdjust="spacingAndGlyphs" fill="#d8dee9">ab</text>`,
		`x="41.2" y="30.0" textLength="25.2" lengthAdjust="spacingAndGlyphs" fill="#a5d67b" font-weight="bold">&lt;c&gt;</text>`,
		`x="74.8" y="30.0" textLength="16.8" lengthAdjust="spacingAndGlyphs" fill="#d8dee9">构</text>`,
		`y="49.0" textLength="8.4" lengthAdjust="spacingAndGlyphs" fill="#d8dee9" opacity="0.6">x</text>`,
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("%s\nis not in\n%s", want, svg)
		}
	}
}

func TestThePicturesOfTheREADMEAreUpToDate(t *testing.T) {
	to := t.TempDir()
	if err := run(filepath.Join("..", "testdata"), to); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(to, "*.svg"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d pictures, %v", len(files), err)
	}
	for _, file := range files {
		made, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := wellFormed(made); err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
		}
		kept, err := os.ReadFile(filepath.Join("..", "..", "docs", filepath.Base(file)))
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(made, kept) {
			t.Errorf("docs/%s is not what `go run ./tui/screens docs` makes", filepath.Base(file))
		}
	}
}

func TestAFilmIsSmallAndNamesWhatIsWrongWithARecord(t *testing.T) {
	film, err := os.ReadFile(filepath.Join("..", "..", "docs", "wizard.svg"))
	if err != nil || len(film) > 300_000 || !bytes.Contains(film, []byte("<animate ")) {
		t.Errorf("docs/wizard.svg has %d bytes, %v", len(film), err)
	}
	for _, text := range []string{"", "no form feed", "\fsoon\nscreen", "\f-1\nscreen"} {
		if _, err := parseFrames(text); err == nil {
			t.Errorf("%q is taken for a recorded run", text)
		}
	}
}

func wellFormed(text []byte) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}
