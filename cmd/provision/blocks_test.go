package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// outside are the commands of other programs that pages show, and what holds them true where this test cannot.
var outside = map[string]string{
	"cd":                "the reader's own folder",
	"docker":            "the reader's own build; the sandbox tests run docker build and docker run",
	"jq":                "reads what --json prints; its events and objects have tests",
	"printf":            "writes a file of the reader's",
	"openssl":           "makes a random value",
	"echo":              "prints",
	"Out-String":        "PowerShell's own, as its help shows it",
	"Invoke-Expression": "PowerShell's own, as its help shows it",
	"source":            "loads what the command within it prints",
	"ssh":               "the reader's own host",
	"git":               "the reader's own repository",
}

// Every command of a page's blocks exists: those of provision parse with their flags and arguments, those of make are in the
// Makefile, those of go name folders that are there, and others stand in the list of what is not ours.
func TestBlocksParse(t *testing.T) {
	seen := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range shellLines(string(text)) {
			for _, words := range commandsOf(line) {
				if err := checkCommand(words); err != nil {
					t.Errorf("%s: %s: %v", page, line, err)
				}
				seen++
			}
		}
	}
	if seen < 150 {
		t.Errorf("only %d commands were found", seen)
	}
}

// pages are all that a reader is given.
func pages(t *testing.T) []string {
	t.Helper()
	var pages []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/*/*.md", "../../docs/recipes/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	return pages
}

var shellBlock = regexp.MustCompile("(?ms)^```(?:sh|bash|console)\n(.*?)^```$")

// shellLines are the lines of a page's shell blocks, a continued one as one.
func shellLines(text string) (lines []string) {
	for _, m := range shellBlock.FindAllStringSubmatch(text, -1) {
		for line := range strings.SplitSeq(strings.ReplaceAll(m[1], "\\\n", " "), "\n") {
			if strings.TrimSpace(line) != "" && !strings.HasPrefix(strings.TrimSpace(line), "#") {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

var substituted = regexp.MustCompile(`\$\(([^()]*)\)|<\(([^()]*)\)`)

// commandsOf are the simple commands of a line as lists of words, those within $(…) and <(…) too. It reads as much of the shell
// as the pages use: quotes, comments, redirections, && || | and ;.
func commandsOf(line string) (commands [][]string) {
	for m := substituted.FindStringSubmatchIndex(line); m != nil; m = substituted.FindStringSubmatchIndex(line) {
		inside := line[max(m[2], m[4]):max(m[3], m[5])]
		commands = append(commands, commandsOf(inside)...)
		line = line[:m[0]] + "SUBSTITUTED" + line[m[1]:]
	}
	for _, words := range splitWords(line) {
		for len(words) > 0 && regexp.MustCompile(`^[A-Z_]+=`).MatchString(words[0]) {
			words = words[1:]
		}
		if len(words) > 0 {
			commands = append(commands, words)
		}
	}
	return commands
}

// splitWords splits a line into commands and these into words.
func splitWords(line string) (commands [][]string) {
	var words []string
	var word strings.Builder
	quote, within := rune(0), false
	end := func() {
		if within {
			words = append(words, word.String())
		}
		word.Reset()
		within = false
	}
	next := func() {
		end()
		commands = append(commands, withoutRedirections(words))
		words = nil
	}
	for _, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, within = c, true
		case c == ' ' || c == '\t':
			end()
		case c == '#' && !within:
			next()
			return commands
		case c == '|' || c == ';' || c == '&' && !strings.HasSuffix(word.String(), ">"):
			next()
		default:
			word.WriteRune(c)
			within = true
		}
	}
	next()
	return commands
}

func withoutRedirections(words []string) (kept []string) {
	for i := 0; i < len(words); i++ {
		switch m := regexp.MustCompile(`^\d?(>>?|<)(.*)$`).FindStringSubmatch(words[i]); {
		case m == nil:
			kept = append(kept, words[i])
		case m[2] == "":
			i++ // the file is a word of its own
		}
	}
	return kept
}

func checkCommand(words []string) error {
	switch name := words[0]; name {
	case "provision", "bin/provision":
		return parses(words[1:])
	case "make":
		return isTarget(words[1:])
	case "go":
		return namesFolders(words[1:])
	default:
		if outside[name] == "" {
			return fmt.Errorf("%s is no command that this test knows; add it to the list with what holds it true", name)
		}
		return nil
	}
}

// parses tells whether the program takes a command line, without running it.
func parses(args []string) error {
	root, _ := spoken([]string{"--lang", "en"})
	root.InitDefaultCompletionCmd()
	c, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if err := c.ParseFlags(rest); err != nil && err != pflag.ErrHelp {
		return err
	}
	return c.ValidateArgs(c.Flags().Args())
}

// isTarget tells whether the Makefile has the targets.
func isTarget(words []string) error {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		return err
	}
	for _, word := range words {
		if !strings.Contains(word, "=") && !regexp.MustCompile(`(?m)^([\w -]+ )?`+regexp.QuoteMeta(word)+`( [\w -]+)?:`).Match(makefile) {
			return fmt.Errorf("the Makefile has no target %s", word)
		}
	}
	return nil
}

// namesFolders tells whether the packages that a command of go names are in the repository.
func namesFolders(words []string) error {
	for _, word := range words {
		folder := strings.TrimSuffix(word, "/...")
		if strings.HasPrefix(folder, "./") || folder == "." {
			if info, err := os.Stat(filepath.Join("../..", folder)); folder != "./ROOM" && (err != nil || !info.IsDir()) {
				return fmt.Errorf("there is no folder %s", word)
			}
		}
	}
	return nil
}

// A wrong command, flag or argument is seen, wherever on the line it stands.
func TestBlocksThatDoNotParse(t *testing.T) {
	for _, line := range []string{
		"provision deply", "provision plan --exit-coda", "true | provision nothing", "provision -i \"$(provision sandbox upp)\" --yes",
		"provision history NAME", "make nothing", "go test ./nowhere", "curl https://example.com",
	} {
		var wrong error
		for _, words := range commandsOf(line) {
			if words[0] == "true" {
				continue
			}
			if err := checkCommand(words); err != nil {
				wrong = err
			}
		}
		if wrong == nil {
			t.Errorf("%s passes", line)
		}
	}
}
