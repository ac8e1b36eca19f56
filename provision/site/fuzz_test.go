package site

import (
	"strings"
	"testing"
	"testing/fstest"
)

// FuzzDockerfile checks that what is read of a Dockerfile stays within the site and the file.
func FuzzDockerfile(f *testing.F) {
	f.Add(goodDockerfile)
	f.Add("ARG A=b\nFROM a AS b\nWORKDIR /x\nENV A=$A${A:-$A}\nCOPY --from=b ../../etc/* ./\nADD https://x/y /\nEXPOSE 80 99999 53/udp 70000/tcp $A\nCMD [\"sh\", \"./start.sh\"]\nENTRYPOINT a.sh ../b.sh /c.sh\n")
	f.Add("# escape=`\n# syntax=x\nFROM a\nRUN <<E\nCOPY a b\nE\nCOPY <<E /etc/nginx/x.conf\n}\nE\n")
	f.Add("FROM a\n" + strings.Repeat("ENV A=$A$A\n", 60))
	f.Add("FROM a AS a\nFROM a\nFROM 0\nCOPY --from=1 x y\n")
	f.Fuzz(func(t *testing.T, text string) {
		root := fstest.MapFS{
			"Dockerfile": {Data: []byte(text), Mode: 0o600}, "start.sh": {Data: []byte("nginx\n"), Mode: 0o600},
			"resource/default.conf": {Data: []byte("server { listen 80; }"), Mode: 0o600},
		}
		for _, ports := range GuessAt(root).Ports {
			for _, e := range ports {
				if e.Port < 1 || e.Port > 65535 {
					t.Fatalf("%+v is published", e)
				}
			}
		}
		r, lines := parseRecipe([]byte(text), nil), strings.Count(text, "\n")+1
		for _, i := range r.finalLines() {
			if i.line < 1 || i.line > i.end || i.end > lines+1 {
				t.Fatalf("%+v in %d lines", i, lines)
			}
		}
		in := Read(root, tutorialSite(), now)
		for _, file := range append(in.Scripts, in.Configs...) {
			if strings.HasPrefix(file.Path, "/") {
				t.Fatalf("%s is read", file.Path)
			}
		}
		Behind(root, tutorialSite())
	})
}
