package language

func zhSandbox() words {
	return words{
		"sandbox.image":                "正在导入主机镜像",
		"sandbox.starting":             "正在启动 %s，地址 %s",
		"sandbox.up":                   "%s 已启动，地址 %s，耗时 %.1f 秒",
		"sandbox.rootfs.from-image":    "正在用 %[2]s 制作沙箱的根文件系统 %[1]s：约一分钟，仅需一次",
		"sandbox.rootfs.from-packages": "正在用 Debian 软件包制作沙箱的根文件系统 %s：约一到两分钟，仅需一次",
		"sandbox.rootfs.made":          "沙箱的根文件系统 %s 已制作完成，耗时 %s",
		"sandbox.pulling":              "正在拉取 %s",
		"sandbox.pull-failed":          "无法拉取 %s，改用 Debian 软件包：%v",
		"sandbox.next":                 "下一步：provision -i %s %s",
		"sandbox.none":                 "没有沙箱主机；可用 `provision sandbox up` 启动一台。",
		"sandbox.running":              "运行中",
		"sandbox.stopped":              "已停止",
	}
}
