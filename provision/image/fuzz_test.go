package image

import (
	"testing"
	"unicode"
)

// FuzzParseLook: whatever a host tells of its engine, what is to be sent is the upper end of an image's layers.
func FuzzParseLook(f *testing.F) {
	f.Add("platform linux/aarch64\nbuildkit\nstage 1000 /dev/vda1\nroot 1000 /dev/vda1\nlayers [\"sha256:a\",\"sha256:b\"]\nlayers null\n")
	f.Add("platform linux/x86_64\ncontainerd\nstage -1 x\nroot 99999999999999999999 \x1b[31m\n")
	i := &Image{Name: "a", Layers: []Layer{{Blob{Size: 1}, "sha256:a"}, {Blob{Size: 2}, "sha256:b"}, {Blob{Size: 3}, "sha256:c"}}}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseLook([]byte(text))
		if err != nil {
			return
		}
		for _, r := range s.Platform {
			if unicode.IsControl(r) && r != '\n' && r != '\t' {
				t.Errorf("the platform %q has control characters", s.Platform)
			}
		}
		layers := s.Lacks(i)
		for n, l := range layers {
			if l.DiffID != i.Layers[len(i.Layers)-len(layers)+n].DiffID {
				t.Errorf("%v are to be sent", layers)
			}
		}
		if s.root.free < 0 || s.stage.free < 0 {
			_ = s.Holds("cloud", i, layers)
		}
	})
}
