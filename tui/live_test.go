package tui_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/tui"
	"github.com/kehuo/provision/tui/story"
	"github.com/kehuo/provision/tui/terminaltest"
)

// printed plays a story on a live printer and returns what it wrote, without the control sequences.
func printed(t *testing.T, o story.Options, verbose bool) string {
	t.Helper()
	var out bytes.Buffer
	live := tui.NewLive(tui.LiveConfig{Out: &out, Env: []string{"TERM=xterm", "LANG=C.UTF-8"},
		Words: language.New(language.English), Verbose: verbose})
	story.New(o).Deploy(context.Background(), live.Emit, provision.Headless{})
	if err := live.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(strings.TrimSuffix(out.String(), "\x1b[?1006l"), "\x1b[?1003l") || !strings.Contains(out.String(), "\x1b[?25h") {
		t.Errorf("the terminal was not given back: %q", out.String()[max(0, out.Len()-60):])
	}
	return ansi.Strip(out.String())
}

func TestLivePrintsALineAStep(t *testing.T) {
	text := printed(t, story.Options{}, false)
	terminaltest.InOrder(t, text, "Deploying myweb to aliyun", "=  1 Log in", "✓  6 Upload files", "✓  7 Build the image",
		"port 443 from here:", "= 11 The site answers", "Done: 5 changed")
	if strings.Contains(text, "Successfully tagged") {
		t.Error("output is printed without --verbose")
	}
}

func TestLivePrintsTheOutputWhenVerbose(t *testing.T) {
	terminaltest.InOrder(t, printed(t, story.Options{}, true), "$ cd /home/kevin/dev/myweb && docker build", "Step 1/9", "Successfully tagged",
		"Done: 5 changed")
}

func TestLivePrintsWhyAStepFailed(t *testing.T) {
	text := printed(t, story.Options{Failures: 1}, false)
	terminaltest.InOrder(t, text, "ERROR: pip found no package", "No matching distribution", "fix: Correct the name", "✗  7 Build the image",
		"docker build on aliyun ended", "Not finished: 3 changed")
	if strings.Contains(text, "skipped") {
		t.Error("the steps that were never reached are listed")
	}
}

func TestLiveNamesTheHostsWhenThereAreSeveral(t *testing.T) {
	text := printed(t, story.Options{Hosts: []string{"aliyun", "tencent"}}, false)
	terminaltest.InOrder(t, text, "Deploying myweb to aliyun, tencent", "✓ aliyun  7 Build the image", "Done: 10 changed")
	terminaltest.InOrder(t, text, "✓ tencent  7 Build the image")
}
