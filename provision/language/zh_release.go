package language

func zhRelease() words {
	return words{
		"release.first":          "版本 %s 已上线：这是这台主机上的第一个版本。",
		"release.warm":           "版本 %s 已上线：它先启动并通过了检查，然后才接管端口；网站中断 %d 毫秒。",
		"release.trying-cold":    "候选容器在内部网络上没有启动成功（%v）；改在普通网桥上、不占端口再试一次。",
		"release.cold":           "版本 %s 已上线：采用冷切换，因为它在没有外部网络时无法启动，或者配置要求如此；网站中断了 %d 毫秒。",
		"release.untried":        "该版本无法在线上版本旁边试运行：将直接冷切换，并以公开端口上的应答来判断。",
		"release.back":           "版本 %s 在公开端口上未通过检查；端口已还给上一个版本，网站中断了 %d 毫秒。",
		"release.first-fails":    "版本 %s 在公开端口上没有按要求应答，又没有可以退回的上一个版本：让它继续运行。",
		"release.candidate-left": "候选容器 %s 无法删除：%v。下一次运行会删除它。",
	}
}
