package language

func zhReport() words {
	return words{
		"report.title":    "provision 故障报告",
		"report.time":     "时间：",
		"report.versions": "版本",
		"report.tried":    "执行过的操作",
		"report.findings": "诊断结果",
		"report.cause":    "原因：",
		"report.evidence": "证据：",
		"report.fix":      "处理：",
		"report.log":      "日志（末尾部分）",
		"report.none":     "（无）",
		"report.secrets":  "无法读取报告中必须隐藏的敏感信息：environment_file %v",

		"report.written":  "报告已写入 %s；发送之前请先阅读。",
		"report.question": "把这份报告写入 %s？",
	}
}
