package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// chattyLine is what a build prints again and again, until it is outputBytes.
const (
	chattyLine  = "Get:1 http://deb.debian.org/debian bookworm/main amd64 libexample amd64 1.2.3-4 [123 kB]"
	outputBytes = 100_000_000
)

// chatty runs the program without --json on a site whose build prints 100 MB, reads all that it prints, and tells how long
// that build took: from the line that announces the step to the one that ends it. Between them and the host is no relay,
// which would take its share of the processors.
func (c *cloud) chatty(ctx context.Context) (took time.Duration, err error) {
	file := filepath.Join(c.source, "Dockerfile")
	dockerfile, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.WriteFile(file, dockerfile, 0o644)) }()
	if err := os.WriteFile(file, chattyDockerfile(dockerfile), 0o644); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, c.program, "--yes", "-i", c.direct, "--log-file", filepath.Join(c.dir, "log"))
	out := &printed{begin: []byte(" 07-build Build the image\n"), end: []byte(" 07-build changed, ")}
	out.atEnd = func() { c.memory = max(c.memory, peakOf(cmd.Process.Pid)) }
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		return 0, err
	}
	if out.bytes < outputBytes || out.ended.IsZero() {
		return 0, fmt.Errorf("of %d bytes that the build printed, %d came", outputBytes, out.bytes)
	}
	return out.ended.Sub(out.began), nil
}

// chattyDockerfile is a site's Dockerfile with one more instruction, another one each time, so that no cache has it.
func chattyDockerfile(dockerfile []byte) []byte {
	return fmt.Appendf(dockerfile[:len(dockerfile):len(dockerfile)], "RUN yes '%s' | head -c %d # turn %d\n", chattyLine, outputBytes, time.Now().UnixNano())
}

// printed looks for two marks in what the program prints, each of which comes once, and counts the bytes between them.
type printed struct {
	begin, end   []byte
	atEnd        func()
	began, ended time.Time
	bytes        int
	last         []byte // the end of what was written, where a mark may have begun
}

func (p *printed) Write(b []byte) (int, error) {
	if !p.ended.IsZero() {
		return len(b), nil
	}
	text := append(p.last, b...)
	if p.began.IsZero() && bytes.Contains(text, p.begin) {
		p.began = time.Now()
	}
	if !p.began.IsZero() {
		p.bytes += len(b)
		if bytes.Contains(text, p.end) {
			p.ended = time.Now()
			p.atEnd()
		}
	}
	p.last = append(p.last[:0], text[max(0, len(text)-len(p.begin)-len(p.end)):]...)
	return len(b), nil
}

// chattyAlone is the same build on the host itself, with nobody who reads what it prints. In this bench, what reads it in the
// other one takes its share of the processors that the build has here for itself.
func (c *cloud) chattyAlone(ctx context.Context) (time.Duration, error) {
	dockerfile, err := os.ReadFile(filepath.Join(c.source, "Dockerfile"))
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, "docker", "exec", "-i", "--user", c.host.User, c.host.Container, "sh", "-c",
		"cd /home/kevin/dev/myweb && docker build -t alone:1 -t alone:2 --label alone=1 --label alone.too=2 -f - . >/dev/null 2>&1")
	cmd.Stdin = bytes.NewReader(chattyDockerfile(dockerfile))
	began := time.Now()
	err = cmd.Run()
	return time.Since(began), err
}
