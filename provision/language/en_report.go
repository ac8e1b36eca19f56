package language

func enReport() words {
	return words{
		"report.title":    "provision failure report",
		"report.time":     "time:",
		"report.versions": "versions",
		"report.tried":    "what was tried",
		"report.findings": "findings",
		"report.cause":    "cause:",
		"report.evidence": "evidence:",
		"report.fix":      "fix:",
		"report.log":      "log (its end)",
		"report.none":     "(none)",
		"report.secrets":  "The secrets that the report must hide cannot be read: environment_file %v",

		"report.written":      "The report is in %s; read it before you send it.",
		"report.question":     "Write this report to %s?",
		"report.strange-link": "%s is a link that somebody else has made; nothing is written through it",
		"report.file-needed":  "%s is the same file as %s, which is needed",
		"report.nothing":      "there is nothing to report: no run has begun",
		"report.log-unread":   "read the log for the report: %v",
		"report.log-nowhere":  "find a place for the log: %v; name one with --log-file",
		"report.log-closed":   "open the log file: %v; name another with --log-file",
		"report.closed":       "open the report: %v; name another file with --report",
		"report.unwritten":    "write the report: %v",
	}
}
