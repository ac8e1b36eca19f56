package language

func enProbe() words {
	return words{
		"probe.redirect":    "%s answers %d instead of a redirect to https; check the server on port 80 in the nginx configuration",
		"probe.status":      "%s answers %d instead of %d",
		"probe.text":        "%s answers without the text %q that site.health.text asks for",
		"probe.no-server":   "%s sends no Server header, which should name %s; write site.server: \"\" to not check it",
		"probe.server":      "%s names %q in its Server header instead of %s",
		"probe.certificate": "%s serves another certificate (for %s, until %s) than the one uploaded",
		"probe.silent":      "%s does not answer: %v",
	}
}
