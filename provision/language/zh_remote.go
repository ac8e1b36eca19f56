package language

func zhRemote() words {
	return words{
		"remote.host-key.question":   "主机 %s 的密钥尚未登记，是否信任？",
		"remote.host-key.detail":     "%s %s\n请与主机控制台上的输出核对：ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
		"remote.host-key.yes":        "信任并记住",
		"remote.host-key.no":         "断开连接",
		"remote.host-key.remedy":     "请加上 --accept-new-host-key",
		"remote.passphrase.question": "密钥 %s 的口令",
		"remote.passphrase.remedy":   "用 ssh-add %s 把密钥加入 ssh-agent",
		"remote.password.question":   "用户 %s 在 %s 上的密码",
		"remote.password.remedy":     "用 ssh-copy-id %s 设置密钥登录",
		"remote.code.question":       "%s 询问：%s",
		"remote.sudo.question":       "用户 %s 在 %s 上的 sudo 密码",
		"remote.sudo.remedy":         "把 %s 加入 docker 组，或允许其免密码使用 sudo",
		"remote.again":               "未被接受，请重试。",
	}
}
