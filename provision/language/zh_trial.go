package language

func zhTrial() words {
	return words{
		"trial.busy":      "另一次运行正在更改 %s，请等一分钟后再运行",
		"trial.not-begun": "在 %s 上开始可自动撤销的更改：%v",
		"trial.failed":    "%s 上的更改失败，已撤销：%v",
		"trial.undone":    "没有新的登录确认更改，%s 已将其撤销：%v",
		"trial.unkept":    "更改无法保存，%s 已将其撤销：%v",
		"trial.undoing":   "没有新的登录确认 %[1]s 上的更改：%[2]v；主机会在更改开始后的 %[3]s 秒内自行撤销，目前无法查询：%[4]v",
		"trial.stuck":     "没有新的登录确认 %s 上的更改（%v），而主机无法撤销它：%v；请趁登录还在时检查",
	}
}
