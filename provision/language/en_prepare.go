package language

func enPrepare() words {
	return words{
		"step.prepare-01-login.title":    "Log in",
		"step.prepare-02-system.title":   "System",
		"step.prepare-03-user.title":     "Deploy user",
		"step.prepare-04-docker.title":   "Docker Engine",
		"step.prepare-05-firewall.title": "Firewall",
		"step.prepare-06-ssh.title":      "SSH server",
		"step.prepare-07-base.title":     "Base image",
		"prepare.interrupt":              "What was being installed goes on there; run it again to finish.",
		"prepare.not-root.cause":         "Logged in as %[1]s without root rights: packages, accounts, firewall and SSH settings of %[2]s cannot be checked.",
		"prepare.not-root.fix":           "To check them too, let prepare_as log in (it is root by default), or allow the user sudo: prepare: {user: {sudo: true}}.",
	}
}
