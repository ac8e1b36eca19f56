package language

func zhTrial() words {
	return words{
		"trial.waiting":   "更改处于试行期：如果 %s 能重新登录 %s，更改就会保留，否则一分钟内自动撤销。",
		"trial.busy":      "另一次运行正在更改 %s，请等一分钟后再运行",
		"trial.not-begun": "在 %s 上开始可自动撤销的更改：%v",
		"trial.failed":    "%s 上的更改失败，已撤销：%v",
		"trial.undone":    "没有新的登录确认更改，%s 已将其撤销：%v",
		"trial.unkept":    "更改无法保存，%s 已将其撤销：%v",
		"trial.undoing":   "没有新的登录确认 %[1]s 上的更改：%[2]v；主机会在更改开始后的 %[3]s 秒内自行撤销，目前无法查询：%[4]v",
		"trial.late":      "新的登录来得太迟",
		"trial.stuck":     "没有新的登录确认 %s 上的更改（%v），而主机无法撤销它：%v；请趁登录还在时检查",

		"prepare.ssh.action":      "关闭 sshd 的密码登录；新的登录失败则自动撤销",
		"prepare.ssh.reason":      "prepare.ssh 为 strict，而 sshd 允许的登录方式更多",
		"prepare.ssh.differs":     "%s 上的 sshd 允许的登录方式仍多于 `prepare: {ssh: strict}`，请检查 %s 及其配置中的 Match 块",
		"prepare.ssh.other.cause": "%[1]s 上没有运行 OpenSSH 服务，其 SSH 设置保持不变。",
		"prepare.ssh.other.fix":   "请在该主机所用 SSH 服务的配置中关闭密码登录。",
		"prepare.ssh.old.cause":   "%[1]s 上的 OpenSSH %[2]s 不支持 Include，无法试行更改，其设置保持不变。",
		"prepare.ssh.old.fix":     "请把 `PasswordAuthentication no` 和 `ChallengeResponseAuthentication no` 写在 /etc/ssh/sshd_config 开头，运行 `sshd -t && systemctl reload sshd`，并在退出前重新登录一次。",
		"prepare.ssh.root.cause":  "%[1]s 上 root 的密钥登录仍然开放：%[2]s 在该主机上不能成为 root。",
		"prepare.ssh.root.fix":    "如需一并关闭，请授予该用户 sudo：prepare: {user: {sudo: true}}。",
	}
}
