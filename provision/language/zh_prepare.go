package language

func zhPrepare() words {
	return words{
		"step.prepare-01-login.title":    "登录",
		"step.prepare-02-system.title":   "操作系统",
		"step.prepare-03-user.title":     "部署用户",
		"step.prepare-04-docker.title":   "Docker 引擎",
		"step.prepare-05-firewall.title": "防火墙",
		"step.prepare-06-ssh.title":      "SSH 服务",
		"step.prepare-07-base.title":     "基础镜像",
		"prepare.interrupt":              "正在进行的安装会在主机上继续；再次运行即可完成。",
		"prepare.not-root.cause":         "以 %[1]s 登录，没有 root 权限：无法检查主机 %[2]s 的软件包、账户、防火墙和 SSH 设置。",
		"prepare.not-root.fix":           "如需一并检查，请让 prepare_as（默认 root）能够登录，或允许该用户使用 sudo：prepare: {user: {sudo: true}}。",
	}
}
