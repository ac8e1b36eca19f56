package language

func enReport() words {
	return words{
		"report.written":  "The report is in %s; read it before you send it.",
		"report.question": "Write this report to %s?",
	}
}
