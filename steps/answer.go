package steps

import (
	"cmp"
	"errors"
	"regexp"
	"strings"

	"github.com/kehuo/provision/provision"
	"github.com/kehuo/provision/provision/language"
	"github.com/kehuo/provision/provision/probe"
	"github.com/kehuo/provision/provision/safetext"
)

// withAnswer adds what a visitor got to the findings of a site that answered wrongly: the status, the path, and the beginning of
// the page.
func withAnswer(findings []provision.Finding, err error, words *language.Printer) []provision.Finding {
	var wrong *probe.MismatchError
	if !errors.As(err, &wrong) {
		return findings
	}
	page := firstWords(wrong.Answer.Body)
	switch first := &findings[0]; {
	case first.Code == wrong.Code:
		first.Evidence, first.Fix = cmp.Or(page, first.Evidence), cmp.Or(first.Fix, words.T("answer.fix"))
		return findings
	case first.Evidence == "":
		first.Evidence = strings.TrimSpace(words.Error(wrong.Failure) + "\n" + page)
		return findings
	}
	return append(findings, provision.Finding{Severity: provision.SeverityInfo, Code: wrong.Code, Cause: words.Error(wrong.Failure), Evidence: page})
}

// pageShown is how much of a page is quoted, in characters.
const pageShown = 200

var markup = regexp.MustCompile(`(?s)<(?:style|script)\b.*?</(?:style|script)>|<!--.*?-->|<[^>]*>`)

// firstWords is the beginning of a page as a person reads it: without markup, as one line.
func firstWords(body string) string {
	text := []rune(strings.Join(strings.Fields(safetext.Clean(markup.ReplaceAllString(body, " "))), " "))
	return strings.TrimSpace(string(text[:min(len(text), pageShown)]))
}
