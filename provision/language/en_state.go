package language

func enState() words {
	return words{
		"lock.waiting":     "%s holds the lock for %s; waiting for that run to end, or to show that it is gone.",
		"lock.held":        "%[1]s is at work on %[2]s (%[3]s, last heard of %[4]s ago); what is shown here may change under it.",
		"lock.held.fix":    "Let it end first, or wait for it with --wait-lock 10m.",
		"fail.one-session": "%s allows one session per connection, and a run that changes it needs two; set MaxSessions to 2 or more in its sshd_config",
		"fail.locked":      "another run is at work on %s: %s holds the lock since %s for %s (last heard of %d s ago); wait for that run to end, or remove the lock with `provision unlock`",
		"fail.lock-lost":   "while the link to %s was cut, another run took the lock, and this one goes no further: %s holds it since %s for %s (last heard of %d s ago)",
		"fail.lock":        "take the lock on %s: %v",
		"fail.lock-race":   "another run on %s took the lock at the same moment; try again",
		"fail.lock-gone":   "the lock on %s was taken away from this run, which goes no further; run it again",
		"fail.lock-back":   "give the lock on %s back: %v; it expires by itself after %s",
		"fail.lock-odd":    "%[2]s on %[1]s is not a lock, and provision did not put it there; look at it, then remove it with `%[3]s`",

		"facts.unread":         "gather the facts of %s: %v",
		"facts.docker-unasked": "ask Docker on %s: %v",
		"facts.ports-unread":   "ask who listens on %s: %v",
		"facts.docker-closed":  "%s may not talk to Docker on %s: %v",
		"state.history-unread": "read the history on %s: %v",
	}
}
