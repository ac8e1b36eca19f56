package language

func enProbe() words {
	return words{
		"probe.redirect":    "answers %d instead of a redirect to https; check the server on port 80 in the nginx configuration",
		"probe.status":      "answers %d instead of %d",
		"probe.text":        "answers without the text %q that site.health.text asks for",
		"probe.no-server":   "sends no Server header, which should name %s; write site.server: \"\" to not check it",
		"probe.server":      "names %q in its Server header instead of %s",
		"probe.certificate": "serves another certificate (for %s, until %s) than the one uploaded",
	}
}
