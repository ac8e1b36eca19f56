package language

func enSetup() words {
	return words{
		"setup.acme":              "A certificate for %s will be obtained from Let's Encrypt; with it you agree to its terms (letsencrypt.org/repository).",
		"setup.acme.domain":       "A certificate is obtained for a name; enter the site's domain first.",
		"setup.port":              "%q is not a port; write a number from 1 to 65535.",
		"setup.missing":           "%s does not exist.",
		"setup.folder":            "%s is a folder; name the key file in it.",
		"setup.directory.other":   "This is in the home folder of %s, and %s logs in; %s would be its own.",
		"setup.user.none":         "The user of the SSH configuration is taken, as ssh does.",
		"setup.identity.none":     "The agent and the usual key files are used, as ssh does.",
		"setup.identity.public":   "This is the public key; name the private one, %s.",
		"setup.identity.open":     "Others can read %[1]s and ssh would refuse it; run chmod 600 %[1]s.",
		"setup.source.dockerfile": "There is no Dockerfile in %s.",
		"setup.source.found":      "Dockerfile found.",
		"setup.pair.outside":      "%s must lie inside the source, %s.",
		"setup.pair.half":         "Certificate and key belong together: name both, or leave both empty for plain http.",
		"setup.pair.good":         "The pair belongs together, covers %s, and is good for %d days.",
		"setup.no-question":       "There is no question %q.",
		"setup.taken":             "%s exists already and is left as it is; remove it, or name another with --inventory",
		"setup.unwritten":         "cannot write the inventory: %s",
		"setup.pair.wrong":        "%s %s",
		"setup.next":              "Next: provision -i %s plan",
	}
}
