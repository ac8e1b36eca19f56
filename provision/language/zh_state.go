package language

func zhState() words {
	return words{
		"lock.waiting":     "%s 持有锁（%s）；正在等那次运行结束，或确认它已经不在。",
		"lock.held":        "%[1]s 正在主机 %[2]s 上运行（%[3]s，%[4]s前还有心跳）；这里显示的内容可能随之变化。",
		"lock.held.fix":    "请先等它结束，或用 --wait-lock 10m 等待。",
		"fail.one-session": "%s 每个连接只允许一个会话，而会更改主机的运行需要两个；请在其 sshd_config 中把 MaxSessions 设为 2 或更大",
		"fail.locked":      "主机 %s 上有另一个运行正在进行：%s 自 %s 起持有锁（%s，%d 秒前仍有心跳）；请等它结束，或用 `provision unlock` 移除锁",
		"fail.lock-lost":   "与 %s 的连接中断期间，另一个运行取得了锁，本次运行不再继续：%s 自 %s 起持有锁（%s，%d 秒前仍有心跳）",
		"fail.lock":        "在主机 %s 上取得锁失败：%v",
		"fail.lock-race":   "主机 %s 上另一个运行在同一时刻取得了锁；请重试",
		"fail.lock-gone":   "主机 %s 上的锁已从本次运行手中被移除，本次运行不再继续；请重新运行",
		"fail.lock-back":   "归还主机 %s 上的锁失败：%v；锁会在 %s 后自动失效",
		"fail.lock-odd":    "主机 %[1]s 上的 %[2]s 不是锁，也不是 provision 创建的；请查看后用 `%[3]s` 删除",

		"facts.unread":         "读取主机 %s 的状态失败：%v",
		"facts.docker-unasked": "查询主机 %s 上的 Docker 失败：%v",
		"facts.ports-unread":   "查询主机 %s 上的监听端口失败：%v",
		"facts.docker-closed":  "用户 %s 无权访问主机 %s 上的 Docker：%v",
		"state.history-unread": "无法读取主机 %s 上的历史记录：%v",
	}
}
