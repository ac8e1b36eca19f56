package main

// plan is the house, from the top floor down. It is docs/architecture.md as data.
func plan() []floor {
	return []floor{
		{"the program", []room{
			{"cmd/provision", "flags and wiring", nil},
		}},
		{"how to show it works", []room{
			{"provision/bench", "beside what people would use instead", nil},
		}},
		{"tutorial and face", []room{
			{"steps/operate", "rollback and down", nil},
			{"steps", "the eleven steps, and their host", nil},
			{"tui", "the wizard and the printers", nil},
		}},
		{"how to get there", []room{
			{"provision/release", "candidate, cutover, way back, tidy", nil},
			{"provision/transfer", "the local tree to the same tree on the host", nil},
		}},
		{"how to say it", []room{
			{"provision/survey", "status and doctor", nil},
			{"provision/report", "masks, and the report for whoever helps", nil},
			{"provision/diagnose", "the output of others: cause, evidence, cure", nil},
		}},
		{"what is there", []room{
			{"provision/facts", "one round trip for every fact", nil},
			{"provision/state", "the folder beside the site: lock, history, releases", nil},
			{"provision/docker", "docker commands as values", nil},
			{"provision/probe", "questions to a site, from here and from the host", nil},
		}},
		{"the link", []room{
			{"provision/remote", "one host over SSH", nil},
			{"provision/remote/sshconfig", "the user's SSH configuration", nil},
			{"provision/remote/hostkey", "known_hosts", nil},
			{"provision/shell", "scripts and quoting", nil},
		}},
		{"what is wanted", []room{
			{"provision/setup", "a first inventory from answers", nil},
			{"provision/site", "what the tutorial asks of a site's files", nil},
			{"provision/tree", "the local files", nil},
			{"provision/inventory", "inventory.yaml as typed values", nil},
		}},
		{"throw-away hosts", []room{
			{"provision/sandbox", "cloud hosts on this machine", nil},
		}},
		{"words", []room{
			{"provision/language", "the words, a file a language and room", nil},
			{"provision/safetext", "text from a host made harmless", nil},
		}},
		{"the engine", []room{
			{"provision", "steps, changes, events, decisions, failures; run and plan", nil},
		}},
	}
}
