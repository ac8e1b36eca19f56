package language

func zhCLI() words {
	return words{
		"prompt.plan":       "执行主机 %[2]s 上的计划（%[1]d 项变更）？",
		"prompt.unreadable": "无法读取终端：%s",
		"prompt.shown":      "终端无法隐藏输入的内容：%s",
		"prompt.ended":      "问题尚未回答，输入已结束；使用 --yes 可不提问直接运行",
		"prompt.again":      "请回答 %s。",

		"history.time":    "时间",
		"history.host":    "主机",
		"history.who":     "操作者",
		"history.command": "命令",
		"history.release": "版本",
		"history.changed": "改动",
		"history.took":    "耗时",
		"history.outcome": "结果",
		"history.empty":   "%s：还没有部署记录",

		"unlock.none":     "%s：没有人持有锁",
		"unlock.heard":    "最近一次心跳在 %s 前",
		"unlock.ahead":    "时间比主机时钟超前 %s",
		"unlock.removed":  "%s：已移除 %s 的锁（%s，自 %s，%s）",
		"unlock.question": "%s：%s 仍在运行并持有锁（%s，自 %s 起，%s）。强行解除吗？",
		"unlock.alive":    "%s：%s 仍在运行并持有锁（%s，自 %s 起，%s），且没有终端可以询问；加上 --yes 仍然移除它",
		"unlock.left":     "锁留给了持有它的运行",

		"container.absent": "容器 %s 不存在；请用 `provision --yes` 部署",
		"output.unwritten": "无法写出输出：%s",
		"diagnose.healthy": "没有发现故障。",
	}
}
