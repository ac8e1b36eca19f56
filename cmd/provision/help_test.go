package main

import (
	"bytes"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kehuo/provision/provision/language"
)

func eachCommand(c *cobra.Command, visit func(*cobra.Command)) {
	visit(c)
	for _, sub := range c.Commands() {
		eachCommand(sub, visit)
	}
}

// Each command and each flag has words in both languages, and what --help prints in Chinese is Chinese.
func TestHelpIsInBothLanguages(t *testing.T) {
	for _, tag := range language.Tags() {
		root, _ := spoken([]string{"--lang", string(tag)})
		eachCommand(root, func(c *cobra.Command) {
			if c.Short == "" || strings.HasPrefix(c.Short, "help.") {
				t.Errorf("%s has no words in %s", c.CommandPath(), tag)
			}
			c.LocalFlags().VisitAll(func(f *pflag.Flag) {
				if f.Usage == "" || strings.HasPrefix(f.Usage, "help.") {
					t.Errorf("%s --%s has no words in %s", c.CommandPath(), f.Name, tag)
				}
			})
			var out bytes.Buffer
			c.SetOut(&out)
			if err := c.Help(); err != nil {
				t.Error(err)
			}
			chinese := strings.ContainsFunc(out.String(), func(r rune) bool { return unicode.Is(unicode.Han, r) })
			if chinese != (tag == language.Chinese) || strings.Contains(out.String(), "help.") {
				t.Errorf("%s --help in %s:\n%s", c.CommandPath(), tag, out.String())
			}
			if c.Example == "" {
				t.Errorf("%s has no example in %s", c.CommandPath(), tag)
			}
			for line := range strings.SplitSeq(out.String(), "\n") {
				if ansi.StringWidth(line) > helpWidth {
					t.Errorf("%s --help in %s has a line of %d cells: %s", c.CommandPath(), tag, ansi.StringWidth(line), line)
				}
			}
			for _, english := range []string{"Usage:", "Flags:", "(default", "[flags]", "[command]"} {
				if chinese && strings.Contains(out.String(), english) {
					t.Errorf("%s --help in Chinese has %q:\n%s", c.CommandPath(), english, out.String())
				}
			}
		})
	}
}

// No words stay behind when a command, a flag or an error is gone.
func TestEveryKeyOfTheHelpIsUsed(t *testing.T) {
	used := map[string]bool{}
	root, _ := spoken(nil)
	eachCommand(root, func(c *cobra.Command) {
		key := helpKey(c)
		for _, part := range []string{"", ".long", ".example"} {
			used[key+part] = true
		}
		flag := func(f *pflag.Flag) { used[key+".flag."+f.Name], used["help.flag."+f.Name] = true, true }
		c.LocalFlags().VisitAll(flag)
		c.PersistentFlags().VisitAll(flag)
	})
	quoted := regexp.MustCompile(`"((?:help|usage)\.[a-z.-]+)"`)
	files, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
			used[m[1]] = true
		}
	}
	catalogue, err := os.ReadFile("../../provision/language/en_help.go")
	if err != nil {
		t.Fatal(err)
	}
	keys := quoted.FindAllStringSubmatch(string(catalogue), -1)
	for _, m := range keys {
		if !used[m[1]] {
			t.Errorf("nothing says %s", m[1])
		}
	}
	words := language.New(language.English)
	for key := range used {
		if strings.HasPrefix(key, "usage.") && words.T(key) == key {
			t.Errorf("%s has no words", key)
		}
	}
	if len(keys) < 80 {
		t.Errorf("only %d keys are found", len(keys))
	}
}

func TestTheLanguageIsKnownBeforeTheArgumentsAre(t *testing.T) {
	for args, want := range map[string]language.Tag{
		"": language.English, "--lang zh plan": language.Chinese, "plan --lang=zh-CN": language.Chinese, "exec -- ls --lang zh": language.English,
		"--lang": language.English, "--lang tlh": language.English, "--lang zh --lang en": language.English,
	} {
		if got := languageOf(strings.Fields(args), func(string) string { return "" }).Tag(); got != want {
			t.Errorf("%q is in %s, want %s", args, got, want)
		}
	}
}
