package language

func zhSetup() words {
	return words{
		"setup.acme":              "将向 Let's Encrypt 为 %s 申请证书，即表示您同意其条款（letsencrypt.org/repository）。",
		"setup.acme.domain":       "证书是为名称申请的，请先填写网站的域名。",
		"setup.port":              "%q 不是端口；请输入 1 到 65535 之间的数字。",
		"setup.missing":           "%s 不存在。",
		"setup.folder":            "%s 是一个目录；请写出其中的密钥文件。",
		"setup.identity.none":     "与 ssh 一样，使用 ssh-agent 和常用的密钥文件。",
		"setup.directory.other":   "这在 %s 的主目录里，而登录用户是 %s；其自己的目录可用 %s。",
		"setup.user.none":         "使用 SSH 配置中的用户，与 ssh 相同。",
		"setup.identity.public":   "这是公钥；请写私钥：%s。",
		"setup.identity.open":     "其他用户可以读取 %[1]s，ssh 会拒绝使用；请运行 chmod 600 %[1]s。",
		"setup.source.dockerfile": "%s 中没有 Dockerfile。",
		"setup.source.found":      "已找到 Dockerfile。",
		"setup.pair.outside":      "%s 必须位于网站目录 %s 之内。",
		"setup.pair.half":         "证书和私钥必须成对：都填写，或都留空（只用 http）。",
		"setup.pair.good":         "证书与私钥匹配，覆盖 %s，还有 %d 天有效。",
		"setup.no-question":       "没有 %q 这个问题。",
		"setup.taken":             "%s 已经存在，不会改动；请删除它，或用 --inventory 指定其他文件",
		"setup.unwritten":         "无法写入 inventory：%s",
		"setup.pair.wrong":        "%s%s",
		"setup.next":              "下一步：provision -i %s plan",
	}
}
