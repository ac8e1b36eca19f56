package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// chattyLine is what a build prints again and again, until it is outputBytes.
const (
	chattyLine  = "Get:1 http://deb.debian.org/debian bookworm/main amd64 libexample amd64 1.2.3-4 [123 kB]"
	outputBytes = 100_000_000
)

// chatty runs the program without --json on a site whose build prints 100 MB, reads all that it prints, and tells how long
// that build took: from the line that announces the step to the one that ends it.
func (c *cloud) chatty(ctx context.Context) (took time.Duration, err error) {
	file := filepath.Join(c.source, "Dockerfile")
	dockerfile, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.WriteFile(file, dockerfile, 0o644)) }()
	noisy := fmt.Appendf(dockerfile[:len(dockerfile):len(dockerfile)], "RUN yes '%s' | head -c %d # turn %d\n", chattyLine, outputBytes, time.Now().UnixNano())
	if err := os.WriteFile(file, noisy, 0o644); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, c.program, "--yes", "-i", c.inventory, "--log-file", os.DevNull)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	var began time.Time
	printed := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasSuffix(line, "| "+chattyLine):
			printed += len(chattyLine) + 1
		case strings.Contains(line, " 07-build Build the image"):
			began = time.Now()
		case strings.Contains(line, " 07-build changed"):
			took = time.Since(began)
			c.memory = max(c.memory, peakOf(cmd.Process.Pid))
		}
	}
	if err := cmd.Wait(); err != nil {
		return 0, err
	}
	if printed < outputBytes*99/100 || took == 0 {
		return 0, fmt.Errorf("of %d bytes that the build printed, %d came", outputBytes, printed)
	}
	return took, nil
}

// chattyAlone is the same build on the host itself, with nobody who reads what it prints. In this bench, what reads it in the
// other one takes its share of the processors that the build has here for itself.
func (c *cloud) chattyAlone(ctx context.Context) (time.Duration, error) {
	dockerfile, err := os.ReadFile(filepath.Join(c.source, "Dockerfile"))
	if err != nil {
		return 0, err
	}
	noisy := fmt.Sprintf("%sRUN yes '%s' | head -c %d # alone %d\n", dockerfile, chattyLine, outputBytes, time.Now().UnixNano())
	cmd := exec.CommandContext(ctx, "docker", "exec", "-i", "--user", c.host.User, c.host.Container, "sh", "-c",
		"cd /home/kevin/dev/myweb && docker build -t alone:1 -t alone:2 --label alone=1 --label alone.too=2 -f - . >/dev/null 2>&1")
	cmd.Stdin = strings.NewReader(noisy)
	began := time.Now()
	err = cmd.Run()
	return time.Since(began), err
}
