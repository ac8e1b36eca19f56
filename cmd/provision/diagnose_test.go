package main

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/diagnose"
	"github.com/kehuo/provision/provision/language"
)

// A failure explains itself at the end, however long what comes before it is.
func TestTheEndOfALongOutputIsDiagnosed(t *testing.T) {
	megabyte := strings.Repeat(strings.Repeat("fetched another layer ", 400)+"\n", 120)
	var output []io.Reader
	for range 65 {
		output = append(output, strings.NewReader(megabyte))
	}
	output = append(output, strings.NewReader("COPY failed: file not found in build context: stat app.py: file does not exist\n"))
	findings, log, err := examine(io.MultiReader(output...), nil, diagnose.Place{}, language.English)
	if err != nil || len(findings) == 0 || findings[0].Code != "build.copy-missing" {
		t.Errorf("found %+v, %v", findings, err)
	}
	const kept = 64 << 10
	if len(log) < kept || len(log) > 3*kept || !strings.HasSuffix(log, "does not exist\n") {
		t.Errorf("%d bytes are kept for the report", len(log))
	}
}

func TestAnInputThatDoesNotEndCanBeInterrupted(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = in.Close(), out.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	c := newDiagnose()
	c.SetIn(in)
	c.SetArgs(nil)
	time.AfterFunc(20*time.Millisecond, cancel)
	if code := provision.ExitCode(c.ExecuteContext(ctx)); code != provision.ExitInterrupted {
		t.Errorf("it ended with %d", code)
	}
}
