package site

import (
	"fmt"
	"strings"
	"testing"
)

func TestBases(t *testing.T) {
	for _, test := range []struct{ name, dockerfile, want string }{
		{"one", "FROM nginx:1.27", "nginx:1.27"},
		{"arguments", "ARG TAG=1.27\nARG NAME=nginx\nFROM ${NAME}:$TAG", "nginx:1.27"},
		{"an argument of the build", "ARG TAG\nFROM nginx:$TAG", ""},
		{"scratch", "FROM scratch\nCOPY a /", ""},
		{"stages", "FROM golang:1.26 AS build\nFROM build AS more\nFROM debian\nCOPY --from=more /a /", "golang:1.26 debian"},
		{"a stage that is not reached", "FROM node AS test\nFROM nginx", "node(passed) nginx"},
		{"an image that files come from", "FROM nginx\nCOPY --from=busybox:1 /bin/sh /", "nginx busybox:1"},
		{"a stage by its number", "FROM a\nFROM b\nCOPY --from=0 /x /", "a b"},
		{"a mount", "FROM a AS x\nFROM b\nRUN --mount=from=x,target=/x --mount=type=bind,from=tools:2,target=/t true", "a b tools:2"},
		{"a platform", "FROM --platform=linux/arm64 a\nFROM --platform=$BUILDPLATFORM b", "a/linux/arm64(passed) b"},
		{"twice", "FROM a AS x\nFROM a\nCOPY --from=x /b /", "a"},
		{"a digest", "FROM a:1@sha256:" + strings.Repeat("0", 64), "a:1@sha256:" + strings.Repeat("0", 64)},
		{"no image's name", "FROM -v", ""},
		{"the frontend", "# syntax=docker/dockerfile:1\nFROM a", "docker/dockerfile:1(frontend) a"},
		{"another frontend", "# syntax=example.com/front:1\nWHATEVER", "example.com/front:1(frontend)"},
		{"refused", "FROM a\nNONSENSE", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, b := range parseRecipe([]byte(test.dockerfile), nil).bases() {
				text := b.Image
				if b.Platform != "" {
					text += "/" + b.Platform
				}
				if b.Frontend {
					text += "(frontend)"
				} else if !b.Reached {
					text += "(passed)"
				}
				got = append(got, text)
			}
			if text := fmt.Sprint(strings.Join(got, " ")); text != test.want {
				t.Errorf("got %q, want %q", text, test.want)
			}
		})
	}
}
