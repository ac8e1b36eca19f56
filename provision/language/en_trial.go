package language

func enTrial() words {
	return words{
		"trial.busy":      "another run is changing %s at this moment; wait a minute, then run it again",
		"trial.not-begun": "begin a change on %s that undoes itself: %v",
		"trial.failed":    "the change on %s failed and was undone: %v",
		"trial.undone":    "%s undid the change, because no new login confirmed it: %v",
		"trial.unkept":    "%s undid the change, because it could not be kept: %v",
		"trial.undoing":   "no new login to %[1]s confirmed the change: %[2]v; the host undoes it within %[3]s seconds of its beginning, and could not be asked meanwhile: %[4]v",
		"trial.stuck":     "no new login to %s confirmed the change (%v), and the host could not undo it: %v; look at it while you are still logged in",
	}
}
