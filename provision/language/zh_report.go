package language

func zhReport() words {
	return words{
		"report.written":  "报告已写入 %s；发送之前请先阅读。",
		"report.question": "把这份报告写入 %s？",
	}
}
