package language

func zhProbe() words {
	return words{
		"probe.redirect":    "%s 应答 %d，而不是跳转到 https；请检查 nginx 配置中监听 80 端口的 server",
		"probe.status":      "%s 应答 %d，而不是 %d",
		"probe.text":        "%s 的应答里没有 site.health.text 要求的文字 %q",
		"probe.no-server":   "%s 没有发送 Server 头，其中应为 %s；不想检查就写 site.server: \"\"",
		"probe.server":      "%s 的 Server 头是 %q，而不是 %s",
		"probe.certificate": "%s 出示的是另一张证书（域名 %s，有效期至 %s），而不是上传的那张",
		"probe.silent":      "%s 没有应答：%v",
	}
}
