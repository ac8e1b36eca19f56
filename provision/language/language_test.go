package language

import (
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var verb = regexp.MustCompile(`%(?:\[\d\])?[-+#0-9.]*[a-z]`)

func TestBothLanguagesHaveTheSameWords(t *testing.T) {
	en, zh := catalogue(English), catalogue(Chinese)
	for key, words := range en {
		translated, ok := zh[key]
		if !ok {
			t.Errorf("%s is not in Chinese", key)
			continue
		}
		if strings.Contains(words, "%[") || strings.Contains(translated, "%[") {
			continue // a text may leave out or repeat what it is given by number
		}
		if a, b := verb.FindAllString(words, -1), verb.FindAllString(translated, -1); !slices.Equal(a, b) {
			t.Errorf("%s takes %v in English and %v in Chinese", key, a, b)
		}
	}
	for key := range zh {
		if _, ok := en[key]; !ok {
			t.Errorf("%s is in Chinese alone", key)
		}
	}
}

// A Chinese sentence has the marks of Chinese: ，、。：；？！ and no blank behind them. These are its exceptions: the marks
// belong to the nginx configuration that the sentence quotes, or to nothing that is a sentence.
func TestChineseHasItsOwnMarks(t *testing.T) {
	quoted := strings.NewReplacer(
		"listen 80; ", "",
		"listen 443 ssl; ", "",
		"ssl_prefer_server_ciphers on; ", "",
		" !%[1]s", "",
		" ...", "",
	)
	latin := regexp.MustCompile(`\p{Han} ?[,;:?!](?:[^\w]|$)|\p{Han}\.|[,;:?!] \p{Han}|\. \p{Han}|\p{Han} ?\(|\([^()]*\p{Han}|[，、。：；？！（）] | [（）]`)
	for _, key := range slices.Sorted(maps.Keys(catalogue(Chinese))) {
		words := catalogue(Chinese)[key]
		rest := quoted.Replace(words)
		if !regexp.MustCompile(`\p{Han}`).MatchString(rest) {
			continue
		}
		if strings.HasPrefix(key, "wizard.station.") {
			rest = strings.TrimRight(rest, " ") // they form a column
		}
		if found := latin.FindString(rest); found != "" || strings.HasSuffix(rest, ".") {
			t.Errorf("%s has a mark that is not Chinese, %q: %s", key, found, words)
		}
	}
}

// Words that a call asks for by a key that there is not would be shown as the key.
func TestEveryKeyThatIsAskedForIsThere(t *testing.T) {
	asked := regexp.MustCompile(`\.(?:T|fail|tell)\("([^"]+)"[,)]|(?:return|key :?=) "((?:plan|lines|wizard|status)\.[^"]+[^".])"\n`)
	root := os.DirFS("../..")
	found := 0
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(root, path)
		for _, m := range asked.FindAllStringSubmatch(string(text), -1) {
			found++
			if _, ok := catalogue(English)[m[1]+m[2]]; !ok {
				t.Errorf("%s asks for %q, for which there are no words", path, m[1]+m[2])
			}
		}
		return err
	})
	if err != nil || found < 100 {
		t.Errorf("%d keys found: %v", found, err)
	}
}

// What is advised destroys nothing that is not named: a prune takes the images of other sites, and releases kept for rollback.
func TestNothingAdvisedPrunes(t *testing.T) {
	for _, tag := range Tags() {
		for key, text := range catalogue(tag) {
			if strings.Contains(text, "prune") || strings.Contains(text, "--vacuum") {
				t.Errorf("%s, %s: %s", key, tag, text)
			}
		}
	}
}
