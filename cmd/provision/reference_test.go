package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/kehuo/provision/provision/language"
)

var update = flag.Bool("update", false, "write docs/commands.md anew")

// docs/commands.md is what the commands themselves say, in each language.
func TestCommandsAreDocumented(t *testing.T) {
	for tag, page := range map[language.Tag]string{language.English: "../../docs/commands.md", language.Chinese: "../../docs/zh-CN/commands.md"} {
		root, words := spoken([]string{"--lang", string(tag)})
		root.InitDefaultCompletionCmd()
		text := reference(root, words)
		if *update {
			if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if kept, err := os.ReadFile(page); err != nil || !bytes.Equal(kept, []byte(text)) {
			t.Errorf("%s is not what the commands say; run the test with -update: %v", page, err)
		}
	}
}

// reference is all commands with their words, examples and flags, as Markdown.
func reference(root *cobra.Command, words *language.Printer) string {
	var b strings.Builder
	title := "Commands"
	if words.Tag() == language.Chinese {
		title = "命令"
	}
	fmt.Fprintf(&b, "# %s\n", title)
	eachCommand(root, func(c *cobra.Command) {
		if c != root && !c.IsAvailableCommand() && c.Name() != "help" {
			return
		}
		c.LocalFlags()
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", c.CommandPath(), paragraphs(c.Long))
		if c.Example != "" {
			fmt.Fprintf(&b, "\n```sh\n%s\n```\n", unindented(c.Example))
		}
		own := slices.DeleteFunc(flagRows(c.Flags(), words, false), func(row [2]string) bool {
			return strings.Contains(row[0], "--help") || strings.Contains(row[0], "--lang")
		})
		flagTable(&b, words.T("help.flags"), own)
	})
	flagTable(&b, "## "+strings.TrimRight(words.T("help.common"), ":："), flagRows(root.Flags(), words, true))
	return b.String()
}

// flagTable writes a table of flags.
func flagTable(b *strings.Builder, title string, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n\n| | |\n|---|---|\n", title)
	bar := strings.NewReplacer("|", "\\|")
	for _, row := range rows {
		fmt.Fprintf(b, "| `%s` | %s |\n", bar.Replace(strings.TrimSpace(row[0])), bar.Replace(row[1]))
	}
}

// paragraphs is a text of help as Markdown, in which lines that are indented are code.
func paragraphs(text string) string {
	return strings.ReplaceAll(strings.ReplaceAll(text, "\n  0 ", "\n\n  0 "), "\n  ", "\n    ")
}

func unindented(text string) string {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		lines = append(lines, strings.TrimPrefix(line, "  "))
	}
	return strings.Join(lines, "\n")
}
