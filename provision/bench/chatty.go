package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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

// chattyBuild is a build that prints 100 MB: in that many pieces, with a pause after each.
type chattyBuild struct {
	cloud  *cloud
	pieces int
	pause  time.Duration
}

// ours runs the program without --json on a site whose build prints 100 MB, reads all that it prints, and tells how long
// that build took: from the line that announces the step to the one that ends it. No relay is in between, which would take
// its share of the processors, and no log is written to what is the host's disk here: Docker waits until that is idle.
func (b chattyBuild) ours(ctx context.Context) (took time.Duration, err error) {
	c := b.cloud
	file := filepath.Join(c.source, "Dockerfile")
	dockerfile, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.WriteFile(file, dockerfile, 0o644)) }()
	if err := os.WriteFile(file, b.dockerfile(dockerfile), 0o644); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, c.program, "--yes", "-i", c.direct, "--log-file", os.DevNull)
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

// dockerfile is a site's Dockerfile with one more instruction, another one each time, so that no cache has it.
func (b chattyBuild) dockerfile(site []byte) []byte {
	return fmt.Appendf(site[:len(site):len(site)], "RUN for i in $(seq %d); do yes '%s' | head -c %d; sleep %g; done # turn %d\n",
		b.pieces, chattyLine, outputBytes/b.pieces, b.pause.Seconds(), time.Now().UnixNano())
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

// chattyCommand is the same build without the program.
const chattyCommand = "cd dev/myweb && docker build -t alone:1 -t alone:2 --label alone=1 --label alone.too=2 -f - . 2>&1"

// alone is the build on the host itself, with nobody who reads what it prints. In this bench, what reads it in the other
// ones takes its share of the processors that the build has here for itself.
func (b chattyBuild) alone(ctx context.Context) (time.Duration, error) {
	c := b.cloud
	return b.peer(ctx, io.Discard, "docker", "exec", "-i", "--user", c.host.User, "--workdir", "/home/"+c.host.User, c.host.Container,
		"sh", "-c", "{ "+chattyCommand+"; } >/dev/null")
}

// overSSH is the build read over OpenSSH, from its login on.
func (b chattyBuild) overSSH(ctx context.Context) (time.Duration, error) {
	c := b.cloud
	var out counter
	took, err := b.peer(ctx, &out, "sh", "-c", "exec "+c.ssh()+" "+c.host.User+"@"+c.host.Internal+" '"+chattyCommand+"'")
	if err == nil && out < outputBytes {
		err = fmt.Errorf("of %d bytes that the build printed, %d came", outputBytes, out)
	}
	return took, err
}

// counter counts what is written to it.
type counter int

func (n *counter) Write(b []byte) (int, error) {
	*n += counter(len(b))
	return len(b), nil
}

func (b chattyBuild) peer(ctx context.Context, out io.Writer, command string, args ...string) (time.Duration, error) {
	dockerfile, err := os.ReadFile(filepath.Join(b.cloud.source, "Dockerfile"))
	if err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, command, args...)
	cmd.Stdin, cmd.Stdout = bytes.NewReader(b.dockerfile(dockerfile)), out
	return timed(cmd.Run)
}
