package language

func enCLI() words {
	return words{
		"prompt.plan":       "Apply the plan on %[2]s (changes: %[1]d)?",
		"prompt.unreadable": "the terminal cannot be read: %s",
		"prompt.shown":      "the terminal cannot hide what is typed: %s",
		"prompt.ended":      "the input ended before the question was answered; use --yes to run without questions",
		"prompt.again":      "Please answer %s.",

		"history.time":    "TIME",
		"history.host":    "HOST",
		"history.who":     "WHO",
		"history.command": "COMMAND",
		"history.release": "RELEASE",
		"history.changed": "CHANGED",
		"history.took":    "TOOK",
		"history.outcome": "OUTCOME",
		"history.empty":   "%s: nothing was deployed yet",

		"unlock.none":     "%s: nobody holds the lock",
		"unlock.heard":    "last heard of %s ago",
		"unlock.ahead":    "dated %s ahead of the host's clock",
		"unlock.removed":  "%s: removed the lock of %s (%s, since %s, %s)",
		"unlock.question": "%s: %s is alive and holds the lock (%s, since %s, %s). Take it away?",
		"unlock.alive":    "%s: %s is alive and holds the lock (%s, since %s, %s), and there is no terminal to ask on; add --yes to take it away all the same",
		"unlock.left":     "the lock was left to the run that holds it",

		"container.absent": "the container %s is not there; deploy with `provision --yes`",
		"output.unwritten": "write the output: %s",
		"diagnose.healthy": "No failure found.",
	}
}
