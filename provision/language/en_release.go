package language

func enRelease() words {
	return words{
		"release.first":          "Release %s is live: the first on this host.",
		"release.warm":           "Release %s is live: it had booted and answered before it got the ports; the site was out of reach for %d ms.",
		"release.trying-cold":    "The candidate did not come up on the internal network (%v); trying on the ordinary bridge, without ports.",
		"release.cold":           "Release %s is live: it was switched cold, because it does not boot without a way out to the network or was asked to be; the site was out of reach for %d ms.",
		"release.untried":        "This release cannot be tried beside the live one: it is switched cold and judged by its answers on the public ports.",
		"release.back":           "Release %s failed on its public ports; the previous one has them back, after %d ms out of reach.",
		"release.first-fails":    "Release %s does not answer as wanted on its public ports, and there is no previous one to go back to: it is left running.",
		"release.candidate-left": "The candidate %s could not be removed: %v. The next run does it.",
	}
}
