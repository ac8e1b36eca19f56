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

		"report.written":      "报告已写入 %s；发送之前请先阅读。",
		"report.question":     "把这份报告写入 %s？",
		"report.strange-link": "%s 是别人建立的链接，不会通过它写入",
		"report.file-needed":  "%s 与需要保留的 %s 是同一个文件",
		"report.nothing":      "没有可报告的内容：还没有运行过",
		"report.log-unread":   "无法读取报告所需的日志：%v",
		"report.log-nowhere":  "找不到存放日志的位置：%v；请用 --log-file 指定",
		"report.log-closed":   "无法打开日志文件：%v；请用 --log-file 换一个",
		"report.closed":       "无法打开报告文件：%v；请用 --report 换一个",
		"report.unwritten":    "无法写入报告：%v",
	}
}
