package language

func enTrial() words {
	return words{
		"trial.waiting":   "The change is on trial: it stays if %s can log in to %s anew, and is undone within a minute otherwise.",
		"trial.busy":      "another run is changing %s at this moment; wait a minute, then run it again",
		"trial.not-begun": "begin a change on %s that undoes itself: %v",
		"trial.failed":    "the change on %s failed and was undone: %v",
		"trial.undone":    "%s undid the change, because no new login confirmed it: %v",
		"trial.unkept":    "%s undid the change, because it could not be kept: %v",
		"trial.undoing":   "no new login to %[1]s confirmed the change: %[2]v; the host undoes it within %[3]s seconds of its beginning, and could not be asked meanwhile: %[4]v",
		"trial.late":      "the new login came too late",
		"trial.stuck":     "no new login to %s confirmed the change (%v), and the host could not undo it: %v; look at it while you are still logged in",

		"prepare.ssh.action":      "close password logins in sshd; undone unless a new login works",
		"prepare.ssh.reason":      "prepare.ssh is strict, and sshd allows more",
		"prepare.ssh.differs":     "sshd on %s still allows more than `prepare: {ssh: strict}`; look at %s and at the Match blocks of its configuration",
		"prepare.ssh.other.cause": "%[1]s has no running OpenSSH server; its SSH settings were left alone.",
		"prepare.ssh.other.fix":   "Switch password logins off in the configuration of the SSH server that it has.",
		"prepare.ssh.old.cause":   "OpenSSH %[2]s on %[1]s has no Include, which it takes to change its settings on trial; they were left alone.",
		"prepare.ssh.old.fix":     "Put `PasswordAuthentication no` and `ChallengeResponseAuthentication no` at the top of /etc/ssh/sshd_config, then run `sshd -t && systemctl reload sshd`, and log in anew before you log out.",
		"prepare.ssh.root.cause":  "root's login with a key stays open on %[1]s: %[2]s may not become root there.",
		"prepare.ssh.root.fix":    "To close it too, give the user sudo: prepare: {user: {sudo: true}}.",
	}
}
