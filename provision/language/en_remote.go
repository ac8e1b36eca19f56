package language

func enRemote() words {
	return words{
		"remote.host-key.question":   "The host key of %s is not known yet. Trust it?",
		"remote.host-key.detail":     "%s %s\nCompare it with what the host's console shows: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
		"remote.host-key.yes":        "trust it and remember it",
		"remote.host-key.no":         "hang up",
		"remote.host-key.remedy":     "pass --accept-new-host-key",
		"remote.passphrase.question": "Passphrase of the key %s",
		"remote.passphrase.remedy":   "load the key into an agent with ssh-add %s",
		"remote.password.question":   "Password of %s on %s",
		"remote.password.remedy":     "set up a key with ssh-copy-id %s",
		"remote.code.question":       "%s asks: %s",
		"remote.sudo.question":       "sudo password of %s on %s",
		"remote.sudo.remedy":         "add %s to the docker group, or allow sudo without a password",
		"remote.again":               "That was not accepted. Try again.",
	}
}
