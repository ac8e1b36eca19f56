package language

func zhHelp() words {
	return words{
		"help.provision": "把本机的网站部署成云主机上运行的容器",
		"help.provision.long": `provision 通过 SSH 把您本机的网站部署到云主机，变成正在运行且经过验证的容器。
它分十一步进行：登录、检查网站文件、上传、在主机上构建镜像、运行容器，最后确认网站能够应答。
已就绪的部分不会改动；可随时重复运行，结果不变。

在终端中它是一个向导；加上 --yes 则从不提问。

退出状态：
  0    完成
  1    某一步失败
  2    用法或 inventory 有误，没有连接任何主机
  3    主机无法连接，或拒绝登录
  4    新版本未通过检查，旧版本继续服务
  5    另一次运行持有锁，见 provision unlock
  6    plan --exit-code 发现有变更
  130  被中断`,
		"help.provision.example": `  provision sandbox up      在本机启动一台云主机，用于试用
  provision init            为您自己的主机写一个 inventory.yaml
  provision plan            查看会有哪些变更
  provision --yes           应用变更
  provision status          查看当前部署`,

		"help.usage":     "用法：",
		"help.examples":  "示例：",
		"help.commands":  "命令：",
		"help.flags":     "选项：",
		"help.line":      "%s [选项]",
		"help.subline":   "%s [命令]",
		"help.more":      "运行 \"%s [命令] --help\" 查看某个命令的说明。",
		"help.default":   "（默认 %s）",
		"help.deploying": "部署：",
		"help.looking":   "查看：",
		"help.operating": "操作：",
		"help.beside":    "准备：",

		"help.deploy":       "部署网站，与单独运行 provision 相同",
		"help.plan":         "显示一次运行会做的变更及差异，不做任何改动",
		"help.plan.example": "  provision plan --exit-code || echo '有变更'",
		"help.rollback":     "回到上一个版本或指定的版本，连同其自身的设置",
		"help.down":         "停止并移除网站的容器，保留文件和镜像",
		"help.status":       "显示当前部署：版本、镜像、容器、端口、证书、配置漂移",
		"help.history":      "显示谁在何时部署了什么，结果如何",
		"help.logs":         "显示容器的日志",
		"help.doctor":       "检查本机、主机和网站，说明缺少什么，不做任何改动",
		"help.diagnose":     "从 FILE 或标准输入读取失败的输出，指出原因、证据和解决办法",
		"help.exec":         "在运行中的容器里执行命令",
		"help.exec.example": "  provision exec -- nginx -T\n  provision exec --tty -- bash",
		"help.unlock":       "显示谁持有锁，并移除它",
		"help.init":         "通过提问或选项写出 inventory.yaml",
		"help.init.example": "  provision init --address 203.0.113.10 --user kevin --source ./site --domain kevinhuo.cool",
		"help.sandbox":      "在本机运行一次性的云主机，用于试用",
		"help.sandbox.long": `沙箱主机是一个容器，内有真正的 sshd、独立的 Docker Engine 和用户 kevin，使用本机回环网段中单独的地址。
它附带一个示例网站和部署该网站的 inventory。
本机需要有 Docker Engine 和 root 权限；无法访问镜像仓库时还需要 debootstrap。`,
		"help.sandbox.up":     "启动主机，并输出可以连接它的 inventory 文件",
		"help.sandbox.down":   "移除主机及其全部内容",
		"help.sandbox.status": "列出主机",
		"help.version":        "显示程序的版本",
		"help.help":           "显示命令的说明",

		"help.completion":                 "输出 shell 的自动补全脚本",
		"help.completion.long":            "输出让 shell 补全 provision 命令和选项的脚本。各 shell 的加载方法见其说明。",
		"help.completion.bash":            "输出 bash 的自动补全脚本",
		"help.completion.bash.long":       "输出 bash 的自动补全脚本，需要安装 bash-completion。\n\n当前 shell 中运行\n  source <(provision completion bash)\n对今后的 shell 运行\n  provision completion bash > /etc/bash_completion.d/provision",
		"help.completion.zsh":             "输出 zsh 的自动补全脚本",
		"help.completion.zsh.long":        "输出 zsh 的自动补全脚本。\n\n当前 shell 中运行\n  source <(provision completion zsh)\n对今后的 shell 运行\n  provision completion zsh > \"${fpath[1]}/_provision\"",
		"help.completion.fish":            "输出 fish 的自动补全脚本",
		"help.completion.fish.long":       "输出 fish 的自动补全脚本。\n\n当前 shell 中运行\n  provision completion fish | source\n对今后的 shell 运行\n  provision completion fish > ~/.config/fish/completions/provision.fish",
		"help.completion.powershell":      "输出 PowerShell 的自动补全脚本",
		"help.completion.powershell.long": "输出 PowerShell 的自动补全脚本。\n\n当前 shell 中运行\n  provision completion powershell | Out-String | Invoke-Expression\n对今后的 shell，请把此命令的输出加入您的配置文件",

		"help.flag.accept-new-host-key": "信任 known_hosts 中尚未列出的主机，并把它们加进去",
		"help.flag.accessible":          "用逐行的问答代替全屏界面，适合屏幕阅读器",
		"help.flag.fix":                 "修正网站文件中程序能修正的部分：COPY 行、TLS server、重定向",
		"help.flag.help":                "显示此说明",
		"help.flag.inventory":           "inventory `文件`：部署什么、部署到哪里",
		"help.flag.json":                "标准输出每行一个 JSON 对象，不含其他内容",
		"help.flag.lang":                "消息的语言：`en|zh`（默认取自系统区域设置）",
		"help.flag.limit":               "只处理 inventory 中的这些主机：`NAME,…`",
		"help.flag.log-file":            "把完整日志写入该`文件`（默认每次运行一个，放在用户缓存目录）",
		"help.flag.no-color":            "不使用颜色，与设置环境变量 NO_COLOR 相同",
		"help.flag.no-descriptions":     "不含说明文字",
		"help.flag.report":              "把可以分享的报告写入该`文件`；机密、密钥、名称和地址都会隐去",
		"help.flag.report-names":        "报告中保留主机和用户的名称与地址",
		"help.flag.timeout":             "超过该`时长`就放弃，例如 10m（默认不限）",
		"help.flag.verbose":             "显示在主机上运行的命令和差异",
		"help.flag.version":             "显示程序的版本",
		"help.flag.yes":                 "从不提问；采用默认答案，没有安全的默认答案时失败",

		"help.plan.flag.exit-code":      "有变更时以状态 6 退出",
		"help.rollback.flag.yes":        "从不提问",
		"help.down.flag.yes":            "从不提问；没有终端时，--images 和 --files 需要它",
		"help.down.flag.images":         "同时移除网站的镜像",
		"help.down.flag.files":          "同时移除上传的文件和存放历史记录的目录",
		"help.logs.flag.follow":         "持续输出容器此后写入的内容",
		"help.logs.flag.lines":          "只显示最后 `N` 行，-1 表示全部",
		"help.exec.flag.tty":            "把当前终端交给该命令，用于交互式 shell",
		"help.unlock.flag.yes":          "从不提问；仍在运行的锁也会移除",
		"help.diagnose.flag.inventory":  "inventory `文件`，若存在，其中的名称和机密会在报告中隐去",
		"help.diagnose.flag.json":       "输出一个 JSON 对象",
		"help.version.flag.json":        "输出一个 JSON 对象",
		"help.init.flag.inventory":      "要写入的`文件`",
		"help.init.flag.address":        "要部署到的`主机`：主机名、IP 地址或 SSH 配置中的别名",
		"help.init.flag.port":           "主机 SSH 服务的`端口`",
		"help.init.flag.ports":          "要发布的端口 `HOST:CONTAINER`，多个用逗号分隔（默认：按网站文件推断）",
		"help.init.flag.user":           "登录`用户`（默认取自 SSH 配置）",
		"help.init.flag.identity":       "登录用的私钥`文件`（默认用 ssh-agent 和 OpenSSH 常用的密钥）",
		"help.init.flag.name":           "网站`名称`",
		"help.init.flag.source":         "Dockerfile 所在的`目录`",
		"help.init.flag.directory":      "网站在主机上的`目录`",
		"help.init.flag.domain":         "访问者输入的`域名`",
		"help.init.flag.certificate":    "证书`文件`，相对于 source；与私钥都留空则只用 http",
		"help.init.flag.key":            "证书的私钥`文件`，相对于 source",
		"help.sandbox.up.flag.name":     "主机`名称`",
		"help.sandbox.up.flag.count":    "主机数量；多于一台时命名为 NAME-1 到 NAME-`N`",
		"help.sandbox.up.flag.json":     "以 JSON 输出主机，每行一台",
		"help.sandbox.down.flag.name":   "只移除此`名称`的主机（默认全部）",
		"help.sandbox.down.flag.images": "同时移除镜像和缓存的根文件系统；下次启动会多用一分钟",
		"help.sandbox.status.flag.json": "以 JSON 输出主机，每行一台",

		"usage.see":            "%s；见 `%s --help`",
		"usage.flag-unknown":   "没有选项 %s",
		"usage.flag-value":     "选项缺少值：%s",
		"usage.flag-invalid":   "值 %q 不能用于 %s：%s",
		"usage.no-argument":    "`%[1]s` 不接受 %[2]q 这样的参数；见 `%[1]s --help`",
		"usage.no-command":     "`%[1]s` 没有命令 %[2]q%[3]s；见 `%[1]s --help`",
		"usage.meant":          "，您是想运行 `%s` 吗",
		"usage.lang":           "--lang %s 不是本程序支持的语言；可用 %s",
		"usage.no-terminal":    "没有可以提问的终端；加上 --yes 可不提问直接运行，或用 `provision plan` 查看会有哪些变更",
		"usage.init-address":   "没有可以提问的终端；至少要用 --address 指定要部署到的主机",
		"usage.limit-empty":    "--limit 是空的；请写 inventory 中的主机名，或去掉该选项以处理全部主机",
		"usage.lines":          "-n 需要行数，或用 -1 表示全部，而不是 %q",
		"usage.exec-nothing":   "没有要在容器中运行的命令；请写在 -- 之后，例如 `provision exec -- nginx -T`",
		"usage.exec-terminal":  "--tty 要求此处也是终端；请去掉它，交互输入时也请去掉 --json",
		"usage.diagnose-files": "diagnose 只读一个文件，不写文件则读标准输入",
		"usage.diagnose-input": "无法读取要诊断的输出：%s",
		"usage.rollback":       "rollback 只接受一个版本名称；可用 `provision status` 查看",
		"usage.json-prompt":    "使用 --json 时不会提问；请加上 --yes",
		"usage.destroys":       "这会永久删除主机上的内容，而此模式下不会提问；请加上 --yes，或先用 `provision status` 查看",
		"usage.one-host":       "inventory 中有 %d 台主机，而此命令只处理一台；请用 --limit 指定",
	}
}
