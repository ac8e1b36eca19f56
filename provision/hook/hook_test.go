package hook

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLocal(t *testing.T) {
	folder := t.TempDir()
	var lines []string
	output := func(text string) { lines = append(lines, strings.Split(text, "\n")...) }
	if err := Local(t.Context(), folder, `echo one; printf 'two \033[31m' >&2; echo x >made`, output); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(lines, "one") || strings.Contains(strings.Join(lines, ""), "\033") {
		t.Errorf("it said %q", lines)
	}
	if _, err := os.Stat(filepath.Join(folder, "made")); err != nil {
		t.Error(err)
	}
	var exit *ExitError
	if err := Local(t.Context(), folder, "exit 7", output); !errors.As(err, &exit) || exit.Status != 7 {
		t.Errorf("a command that fails ends with %v", err)
	}
}

// TestLocalEndsWithItsContext: nothing that the command has started outlives it.
func TestLocalEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan string, 10)
	go func() { <-begun; cancel() }()
	start := time.Now()
	err := Local(ctx, t.TempDir(), "(echo begun; sleep 60) & wait", func(text string) { begun <- text })
	if !errors.Is(err, context.Canceled) || time.Since(start) > 20*time.Second {
		t.Errorf("it ended with %v after %s", err, time.Since(start))
	}
}
