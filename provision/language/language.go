// Package language holds the program's words: one catalogue file a language, however long, so that a further language is one
// file more; and the printer that picks from it.
package language

import (
	"fmt"
	"strings"
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

func catalogue(tag Tag) map[string]string {
	switch tag {
	case Chinese:
		return chinese()
	default:
		return english()
	}
}

// Printer gives words in one language.
type Printer struct {
	tag      Tag
	words    map[string]string
	fallback map[string]string
}

// New returns the printer for tag; English for a tag without a catalogue.
func New(tag Tag) *Printer {
	p := &Printer{tag: tag, words: catalogue(tag)}
	if tag != English {
		p.fallback = english()
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
	if !ok {
		return key
	}
	if len(args) == 0 {
		return words
	}
	return fmt.Sprintf(words, args...)
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
