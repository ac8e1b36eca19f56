package site

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestBasesOfASite(t *testing.T) {
	for dockerfile, want := range map[string]string{
		"FROM kehuo/centos8_conda:nginx\nRUN true":               "kehuo/centos8_conda:nginx",
		"FROM golang:1.26 AS b\nFROM scratch\nCOPY --from=b / /": "golang:1.26",
		"ARG T=1.27\nFROM nginx:$T\nFROM nginx:1.27":             "nginx:1.27",
		"ARG T\nFROM nginx:$T":                                   "",
		"nonsense":                                               "",
	} {
		if got := strings.Join(Bases(fstest.MapFS{"Dockerfile": {Data: []byte(dockerfile)}}, Site{}), " "); got != want {
			t.Errorf("%q stands on %q, want %q", dockerfile, got, want)
		}
	}
	if got := Bases(fstest.MapFS{}, Site{}); got != nil {
		t.Errorf("nothing stands on %q", got)
	}
}
