package language

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var verb = regexp.MustCompile(`%(?:\[\d\])?[-+#0-9.]*[a-z]`)

func TestBothLanguagesHaveTheSameWords(t *testing.T) {
	en, zh := english(), chinese()
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
	for _, key := range slices.Sorted(maps.Keys(chinese())) {
		words := chinese()[key]
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
