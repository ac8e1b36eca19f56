package language

func zhDash() words {
	return words{
		"dash.column.host":        "主机",
		"dash.column.state":       "状态",
		"dash.column.release":     "版本",
		"dash.column.age":         "已运行",
		"dash.column.answer":      "响应",
		"dash.column.latency":     "延迟",
		"dash.column.cpu":         "CPU",
		"dash.column.memory":      "内存",
		"dash.column.disk":        "磁盘",
		"dash.column.certificate": "证书",
		"dash.column.dns":         "DNS",
		"dash.column.source":      "源文件",

		"dash.connecting":    "正在连接",
		"dash.unreachable":   "无法连接",
		"dash.lost":          "断开 %s",
		"dash.silent-for":    "无响应 %s",
		"dash.unknown":       "未知",
		"dash.absent":        "不存在",
		"dash.running":       "运行中",
		"dash.no-answer":     "无响应",
		"dash.days":          "%d 天",
		"dash.dns.here":      "本机",
		"dash.dns.elsewhere": "他处",
		"dash.dns.none":      "无",
		"dash.same":          "一致",
		"dash.differs":       "有差异",
		"dash.count":         "运行中 %d/%d",
		"dash.none-left":     "没有主机匹配 %s；按 esc 显示全部",

		"dash.view.log":        "日志",
		"dash.view.requests":   "请求",
		"dash.view.releases":   "版本",
		"dash.view.containers": "容器",
		"dash.view.host":       "主机",
		"dash.log.wait":        "这里将显示在线容器的日志。",
		"dash.log.empty":       "容器还没有输出任何内容。",
		"dash.log.none-such":   "日志中没有这个级别的行。按 L 切换级别。",
		"dash.level.warning":   "警告",
		"dash.level.error":     "错误",
		"dash.requests.none": "容器日志中没有最近一小时的请求。\n" +
			"请求按 nginx 的 main 和 combined 格式从容器日志中读取；要让 nginx 写到那里：access_log /dev/stdout;",
		"dash.requests.now":     "本分钟",
		"dash.requests.before":  "上一分钟",
		"dash.requests.hour":    "一小时内",
		"dash.requests.minutes": "最近 %d 分钟",
		"dash.requests.failed":  "最近失败的请求",
		"dash.log.next":         "以下是版本 %s 的日志",
		"dash.no-history":       "这台主机上还没有部署过。",
		"dash.no-containers":    "没有容器。",
		"dash.current":          "在线",
		"dash.head.container":   "容器",
		"dash.head.status":      "状态",
		"dash.head.release":     "版本",
		"dash.head.image":       "镜像",
		"dash.head.ports":       "端口",

		"dash.fact.target":      "登录",
		"dash.fact.trip":        "往返时间",
		"dash.fact.known":       "最近更新",
		"dash.fact.up":          "已开机",
		"dash.fact.load":        "负载",
		"dash.fact.memory":      "内存",
		"dash.fact.disk":        "磁盘",
		"dash.fact.image":       "镜像",
		"dash.fact.restarts":    "重启次数",
		"dash.fact.server":      "服务器",
		"dash.fact.certificate": "证书",
		"dash.fact.dns":         "DNS",
		"dash.fact.wanted":      "本地源文件",
		"dash.fact.lock":        "锁",
		"dash.fact.trouble":     "问题",
		"dash.ago":              "%s前",
		"dash.of":               "已用 %s，共 %s",
		"dash.used":             "已用 %s，剩余 %s",
		"dash.certificate":      "%s，有效期至 %s（%d 天）",

		"dash.key.quit":          "退出",
		"dash.key.help":          "帮助",
		"dash.key.pane":          "进入窗格",
		"dash.key.filter":        "筛选",
		"dash.key.search":        "搜索",
		"dash.key.follow":        "跟随",
		"dash.key.back":          "返回",
		"dash.key.rollback":      "回滚到此版本",
		"dash.key.rollback-last": "回滚",
		"dash.key.view":          "窗格",
		"dash.key.scroll":        "滚动",
		"dash.key.shell":         "终端",
		"dash.key.open":          "浏览器",
		"dash.key.copy":          "复制网址",
		"dash.key.plan":          "计划",
		"dash.key.deploy":        "部署",
		"dash.key.level":         "级别",
		"dash.key.command":       "命令",
		"dash.key.run":           "执行",
		"dash.key.complete":      "补全",
		"dash.key.find":          "查找",
		"dash.key.cancel":        "取消",

		"dash.ask-last":       "将 %s 回滚到上一个版本？",
		"dash.ask-release":    "将 %s 回滚到版本 %s？",
		"dash.key.yes":        "是",
		"dash.key.no":         "否",
		"dash.copied":         "已复制 %s（需要终端允许）。",
		"dash.opened":         "正在打开 %s",
		"dash.no-url":         "还没有访问过 %s 上的网站，网址未知。",
		"dash.no-container":   "%s 上没有运行中的网站容器，无法打开终端。",
		"dash.no-command":     "没有命令 %s，或它是多个命令的缩写；键入冒号后按 tab 可列出命令。",
		"dash.no-argument":    "命令 %s 不接受参数。",
		"dash.no-host":        "显示的主机中没有 %s。",
		"dash.no-level":       "没有级别 %s；可用的有 %s。",
		"dash.connected":      "已连接到 %s。",
		"dash.reconnecting":   "正在连接 %s",
		"dash.is-current":     "版本 %s 已经在线。",
		"dash.record-without": "这次运行没有产生版本，无法回滚到它。",
		"dash.enter":          "按回车键返回驾驶舱。",
		"dash.help": "%s 选择主机，或滚动当前窗格\n" +
			"enter、tab  进入下方窗格，按 esc 返回\n" +
			"1 至 5      日志、请求、版本、容器、主机信息\n" +
			"[ ]         上一台、下一台主机\n" +
			"/           按名称、版本或状态筛选主机；在日志中则为搜索\n" +
			"L           只看日志的警告与错误、只看错误、看全部\n" +
			"f           在日志中：跟随最新的行；n、N：下一处匹配\n" +
			"r           立即重新连接已断开的主机\n" +
			":           按名称执行操作，tab 补全：rollback 版本、level error、\n" +
			"            filter 文字、goto 主机，以及各按键的操作\n" +
			"\n" +
			"以下按键会在所选主机上运行其他命令：\n" +
			"e           在在线容器中打开终端\n" +
			"o           在浏览器中打开网站\n" +
			"y           复制网址（需要终端支持 OSC 52）\n" +
			"p           计划：查看再次运行会有哪些变更\n" +
			"d           部署；变更之前会先询问\n" +
			"R           回滚到上一个版本；会先询问\n" +
			"enter       在版本窗格中：回滚到所选版本；会先询问\n" +
			"\n" +
			"DNS         域名指向本机、他处，还是没有解析\n" +
			"源文件      本地源文件与在线版本是否一致；按 p 查看详情\n" +
			"延迟        网站最近几次响应的耗时，最慢的一次最高\n" +
			"\n" +
			"驾驶舱本身不做任何变更。它会不时以 provision-probe 的名义访问各网站，\n" +
			"日志中含有该名称的行在此不显示。\n" +
			"q           退出",

		"dash.no-link":     "目前没有到 %s 的连接；驾驶舱会自动重新连接",
		"dash.silent":      "主机已有 %s 没有响应，正在重新连接",
		"dash.no-browser":  "无法为 %s 打开浏览器：%v",
		"dash.no-terminal": "驾驶舱需要终端；可用 `provision status` 查看已部署的内容，脚本请用 `provision status --json`",
		"dash.interval":    "--interval %s 太短；请至少取 %s，以免主机过于繁忙",
	}
}
