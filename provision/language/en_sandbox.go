package language

func enSandbox() words {
	return words{
		"sandbox.image":                "importing the host's image",
		"sandbox.starting":             "starting %s at %s",
		"sandbox.up":                   "%s at %s is up after %.1f s",
		"sandbox.rootfs.from-image":    "making the root file system of the sandbox's %s from %s: about a minute, once",
		"sandbox.rootfs.from-packages": "making the root file system of the sandbox's %s from Debian's packages: one to two minutes, once",
		"sandbox.rootfs.made":          "made the root file system of the sandbox's %s in %s",
		"sandbox.pulling":              "pulling %s",
		"sandbox.pull-failed":          "%s cannot be pulled, so Debian's packages take its place: %v",
		"sandbox.next":                 "Next: provision -i %s %s",
		"sandbox.none":                 "There is no sandbox host; bring one up with `provision sandbox up`.",
		"sandbox.running":              "running",
		"sandbox.stopped":              "stopped",
	}
}
