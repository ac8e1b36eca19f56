// Package language holds the program's words, one file a language and room, and the printer that picks from them.
//
// A further language is its files beside the others, a Tag, and its line in rooms.
package language

import (
	"fmt"
	"maps"
	"strings"

	"github.com/kehuo/provision/provision"
)

// Tag names a language.
type Tag string

// The languages that have a catalogue.
const (
	English Tag = "en"
	Chinese Tag = "zh"
)

// Tags lists the languages that have a catalogue.
func Tags() []Tag { return []Tag{English, Chinese} }

// words are texts by their keys: a text as fmt.Sprintf takes it.
type words map[string]string

// rooms are a language's words, a function a room. Words are made when a printer is, so that a program pays for one language.
func rooms(tag Tag) []func() words {
	if tag == Chinese {
		return []func() words{
			zhCertificate, zhCLI, zhDash, zhHelp, zhImage, zhInventory, zhNginx, zhPrepare, zhProbe, zhRelease, zhRemote, zhReport,
			zhSandbox, zhSetup, zhSite, zhState, zhSteps, zhSurvey, zhTransfer, zhTrial, zhTUI,
		}
	}
	return []func() words{
		enCertificate, enCLI, enDash, enHelp, enImage, enInventory, enNginx, enPrepare, enProbe, enRelease, enRemote, enReport,
		enSandbox, enSetup, enSite, enState, enSteps, enSurvey, enTransfer, enTrial, enTUI,
	}
}

func catalogue(tag Tag) words {
	all := make(words, 1024)
	for _, room := range rooms(tag) {
		maps.Copy(all, room())
	}
	return all
}

// Printer gives words in one language.
type Printer struct {
	tag      Tag
	words    words
	fallback words
	keys     words // that a printer of keys knows
}

// New returns the printer for tag; English for a tag without a catalogue.
func New(tag Tag) *Printer {
	p := &Printer{tag: tag, words: catalogue(tag)}
	if tag != English {
		p.fallback = catalogue(English)
	}
	return p
}

// Tag is the printer's language.
func (p *Printer) Tag() Tag { return p.tag }

// T returns the words of key with args filled in as by fmt.Sprintf. A key without words is returned as it is.
func (p *Printer) T(key string, args ...any) string {
	words, ok := p.words[key]
	if !ok {
		words, ok = p.fallback[key]
	}
	switch {
	case !ok && p.words == nil && len(args) > 0:
		return key + "(" + strings.TrimSuffix(fmt.Sprintln(args...), "\n") + ")"
	case !ok:
		return key
	case len(args) == 0 || !strings.Contains(words, "%"):
		return words
	}
	return fmt.Sprintf(words, args...)
}

// Has reports whether there are words for key.
func (p *Printer) Has(key string) bool {
	for _, words := range []words{p.words, p.fallback, p.keys} {
		if _, ok := words[key]; ok {
			return true
		}
	}
	return false
}

// Keys returns a printer without words: it answers with keys and values. Tests of what is said, and not of how, use it.
func Keys() *Printer { return &Printer{tag: English, keys: catalogue(English)} }

// Error puts an error into words: each provision.Failure in it by its code, those among the values of one as well. What is
// not one of ours stands as it is. The words are empty for nil.
func (p *Printer) Error(err error) string {
	if err == nil {
		return ""
	}
	switch e := err.(type) {
	case *provision.Failure:
		values := make([]any, len(e.Values))
		for i, value := range e.Values {
			values[i] = value
			if cause, ok := value.(error); ok {
				values[i] = p.Error(cause)
			}
		}
		return p.T(e.Code, values...)
	case interface{ Unwrap() error }:
		return p.within(err, e.Unwrap())
	case interface{ Unwrap() []error }:
		return p.within(err, e.Unwrap()...)
	}
	return err.Error()
}

// within is the text of an error with its causes put into words, where it quotes them.
func (p *Printer) within(err error, causes ...error) string {
	text := err.Error()
	for _, cause := range causes {
		if cause != nil {
			text = strings.Replace(text, cause.Error(), p.Error(cause), 1)
		}
	}
	return text
}

// Parse understands "zh", "zh-CN", "zh_CN.UTF-8" and the like; ok is false for a language without a catalogue.
func Parse(name string) (tag Tag, ok bool) {
	base := strings.ToLower(name)
	if i := strings.IndexAny(base, "-_.@"); i >= 0 {
		base = base[:i]
	}
	for _, tag := range Tags() {
		if string(tag) == base {
			return tag, true
		}
	}
	return English, false
}

// Detect reads the locale as POSIX orders it: LC_ALL, then LC_MESSAGES, then LANG; English where none names a language that
// has a catalogue.
func Detect(getenv func(string) string) Tag {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if value := getenv(name); value != "" {
			tag, _ := Parse(value)
			return tag
		}
	}
	return English
}
