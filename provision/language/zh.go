package language

func chinese() map[string]string {
	return map[string]string{
		"step.01-login.title":             "登录服务器",
		"step.02-directory.title":         "网站目录",
		"step.03-dockerfile.title":        "Dockerfile",
		"step.04-certificate-lines.title": "证书的 COPY 指令",
		"step.05-nginx-config.title":      "nginx 配置",
		"step.06-files.title":             "上传文件",
		"step.07-build.title":             "构造镜像",
		"step.08-image.title":             "检查镜像",
		"step.09-run.title":               "启动容器",
		"step.10-status.title":            "容器状态",
		"step.11-site.title":              "访问网站",
	}
}
