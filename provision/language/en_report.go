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

		"report.written":  "The report is in %s; read it before you send it.",
		"report.question": "Write this report to %s?",
	}
}
