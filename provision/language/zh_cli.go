package language

func zhCLI() words {
	return words{
		"prompt.plan":       "执行这 %d 项改动（主机 %s）？",
		"prompt.unreadable": "无法读取终端：%s",
		"prompt.shown":      "无法让终端不显示机密：%s",
		"prompt.ended":      "问题还没有回答，输入就结束了；可用 --yes 不提问直接运行",
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
		"unlock.removed":  "%s：已移除 %s 的锁（%s，自 %s，最后心跳在 %s 前）",
		"unlock.question": "%s：%s 仍在运行并持有锁（%s，自 %s 起，最近一次心跳在 %s 前）。强行解除吗？",
		"unlock.left":     "锁留给了持有它的运行",

		"diagnose.healthy": "没有发现故障。",
	}
}
