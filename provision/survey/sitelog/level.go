package sitelog

import (
	"strings"

	"github.com/kehuo/provision/provision"
)

// levels are what loggers call them.
var levels = map[string]provision.Severity{
	"emerg": provision.SeverityError, "alert": provision.SeverityError, "crit": provision.SeverityError, "critical": provision.SeverityError,
	"fatal": provision.SeverityError, "panic": provision.SeverityError, "error": provision.SeverityError, "err": provision.SeverityError,
	"warn": provision.SeverityWarning, "warning": provision.SeverityWarning,
	"notice": provision.SeverityInfo, "info": provision.SeverityInfo, "debug": provision.SeverityInfo, "trace": provision.SeverityInfo,
}

const (
	levelWords = 8   // of a line that its level is looked for in
	levelBytes = 400 // of a line that are looked at
)

// Level is how grave a line of a log is: an access log's by its status, any other's by the level that it names, else by its words.
func Level(line string) provision.Severity {
	if r, ok := ParseRequest(line); ok {
		switch {
		case r.Status >= 500:
			return provision.SeverityError
		case r.Status >= 400:
			return provision.SeverityWarning
		}
		return provision.SeverityInfo
	}
	text := strings.ToLower(line[:min(len(line), levelBytes)])
	separator := func(r rune) bool { return strings.ContainsRune(" \t[]()<>{}|:=,;\"'", r) }
	for i, word := range strings.FieldsFunc(text, separator) {
		if level, named := levels[word]; named {
			return level
		}
		if i == levelWords {
			break
		}
	}
	switch {
	case strings.Contains(text, "error"), strings.Contains(text, "exception"), strings.HasPrefix(text, "traceback"):
		return provision.SeverityError
	case strings.Contains(text, "warning"):
		return provision.SeverityWarning
	}
	return provision.SeverityInfo
}

// Levels tells the level of one line after the other: one that is indented goes on with the line before.
func Levels() func(line string) provision.Severity {
	before := provision.SeverityInfo
	return func(line string) provision.Severity {
		if line == "" || line[0] != ' ' && line[0] != '\t' {
			before = Level(line)
		}
		return before
	}
}
