package language

func chinese() map[string]string {
	return map[string]string{
		"step.01-login.title":             "登录服务器",
		"step.02-directory.title":         "网站目录",
		"step.03-dockerfile.title":        "Dockerfile",
		"step.04-certificate-lines.title": "证书的 COPY 指令",
		"step.05-nginx-config.title":      "nginx 配置",
		"step.06-files.title":             "上传文件",
		"step.07-build.title":             "构造镜像",
		"step.08-image.title":             "检查镜像",
		"step.09-run.title":               "启动容器",
		"step.10-status.title":            "容器状态",
		"step.11-site.title":              "访问网站",

		"lines.start":             "正在把 %s 部署到 %s",
		"lines.plan":              "计划: %d 处变更",
		"lines.planned":           "计划了 %d 处变更, 没有做任何改动",
		"lines.done":              "完成: %d 处变更, 用时 %s",
		"lines.failed":            "未完成: %d 处变更, 用时 %s",
		"lines.status.ok":         "已满足",
		"lines.status.changed":    "已变更",
		"lines.status.skipped":    "已跳过",
		"lines.status.failed":     "失败",
		"lines.severity.error":    "错误",
		"lines.severity.warning":  "警告",
		"lines.severity.info":     "提示",
		"lines.severity.unknown":  "未知的失败",
		"lines.evidence":          "证据",
		"lines.fix":               "解决办法",
		"lines.certificate-days":  "证书剩余 %d 天",
		"lines.progress.bytes":    "%s",
		"lines.progress.files":    "%s 个文件",
		"lines.progress.steps":    "第 %s 步",
		"lines.progress.bytes-of": "%s / %s",
		"lines.progress.files-of": "%s / %s 个文件",
		"lines.progress.step-of":  "第 %s 步, 共 %s 步",

		"wizard.rate":    "%s/秒",
		"wizard.left":    "还需 %s",
		"wizard.dropped": "有 %d 行没有在这里显示, 日志文件中有全部内容",

		"wizard.station.http":       "从本机访问 80 端口:   ",
		"wizard.station.https":      "从本机访问 443 端口:  ",
		"wizard.station.host-http":  "在服务器上访问 80 端口: ",
		"wizard.station.host-https": "在服务器上访问 443 端口:",
	}
}
