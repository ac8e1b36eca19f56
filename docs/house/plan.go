package main

// plan is the house, from the top floor down: a room, what it is about, and the rooms that it stands on.
func plan() []floor {
	return []floor{
		{"the program", []room{
			{"cmd/provision", "flags and wiring", []string{
				"provision/diagnose",
				"provision/docker",
				"provision/inventory",
				"provision/language",
				"provision/prepare",
				"provision/remote",
				"provision/report",
				"provision/safetext",
				"provision/sandbox",
				"provision/setup",
				"provision/site",
				"provision/state",
				"provision/survey",
				"steps",
				"steps/operate",
				"steps/prepare",
				"tui",
			}},
		}},
		{"how to show it works", []room{
			{"provision/bench", "beside what people would use instead", []string{
				"provision/remote",
				"provision/sandbox",
				"provision/shell",
				"provision/transfer",
				"provision/tree",
			}},
			{"provision/sandbox", "throw-away cloud hosts on this machine", []string{
				"provision/docker",
			}},
		}},
		{"tutorial and face", []room{
			{"steps/operate", "rollback and down", []string{
				"provision/docker",
				"provision/release",
				"provision/remote",
				"provision/safetext",
				"provision/shell",
				"steps",
			}},
			{"steps/prepare", "the steps of a bare host", []string{
				"provision/diagnose",
				"provision/inventory",
				"provision/language",
				"provision/prepare",
				"provision/remote",
				"provision/remote/sshconfig",
				"provision/safetext",
				"provision/shell",
			}},
			{"steps", "the eleven steps, and their host", []string{
				"provision/certificate",
				"provision/diagnose",
				"provision/docker",
				"provision/facts",
				"provision/hook",
				"provision/image",
				"provision/inventory",
				"provision/language",
				"provision/probe",
				"provision/release",
				"provision/remote",
				"provision/renewal",
				"provision/safetext",
				"provision/shell",
				"provision/site",
				"provision/state",
				"provision/survey",
				"provision/transfer",
				"provision/tree",
			}},
			{"tui", "the wizard, the cockpit and the printers", []string{
				"provision/docker",
				"provision/language",
				"provision/probe",
				"provision/safetext",
				"provision/setup",
				"provision/state",
				"provision/survey",
			}},
		}},
		{"how to get there", []room{
			{"provision/release", "candidate, cutover, way back, tidy", []string{
				"provision/docker",
				"provision/facts",
				"provision/inventory",
				"provision/probe",
				"provision/remote",
				"provision/safetext",
				"provision/shell",
				"provision/state",
			}},
			{"provision/renewal", "a certificate into service, and renewed by the host", []string{
				"provision/certificate",
				"provision/docker",
				"provision/language",
				"provision/probe",
				"provision/remote",
				"provision/safetext",
				"provision/shell",
				"provision/state",
			}},
			{"provision/hook", "a command of the person's own, here", []string{
				"provision/safetext",
			}},
			{"provision/image", "base images that a host cannot pull, and our own program as one", []string{
				"provision/remote",
				"provision/safetext",
				"provision/shell",
				"provision/transfer",
				"provision/tree",
			}},
			{"provision/transfer", "the local tree to the same tree on the host", []string{
				"provision/language",
				"provision/remote",
				"provision/safetext",
				"provision/shell",
				"provision/tree",
			}},
		}},
		{"how to say it", []room{
			{"provision/survey", "status, doctor and watch", []string{
				"provision/diagnose",
				"provision/docker",
				"provision/facts",
				"provision/inventory",
				"provision/language",
				"provision/probe",
				"provision/remote",
				"provision/safetext",
				"provision/shell",
				"provision/site",
				"provision/state",
			}},
			{"provision/report", "masks, and the report for whoever helps", []string{
				"provision/inventory",
				"provision/language",
				"provision/safetext",
			}},
			{"provision/diagnose", "the output of others: cause, evidence, cure", []string{
				"provision/language",
				"provision/safetext",
			}},
		}},
		{"what is there", []room{
			{"provision/prepare", "a bare host as values, and changes on trial", []string{
				"provision/inventory",
				"provision/remote",
				"provision/safetext",
				"provision/shell",
			}},
			{"provision/facts", "one round trip for every fact", []string{
				"provision/docker",
				"provision/remote",
				"provision/safetext",
				"provision/shell",
				"provision/state",
			}},
			{"provision/state", "the folder beside the site: lock, history, releases", []string{
				"provision/docker",
				"provision/remote",
				"provision/safetext",
				"provision/shell",
			}},
			{"provision/certificate", "a certificate obtained and renewed (ACME)", []string{
				"provision/inventory",
				"provision/safetext",
			}},
			{"provision/docker", "docker commands as values", []string{
				"provision/safetext",
			}},
			{"provision/edge", "many sites on one host's ports", []string{
				"provision/docker",
				"provision/shell",
			}},
			{"provision/probe", "questions to a site, from here and from the host", []string{
				"provision/inventory",
				"provision/safetext",
			}},
		}},
		{"the link", []room{
			{"provision/remote", "one host over SSH", []string{
				"provision/language",
				"provision/remote/hostkey",
				"provision/remote/sshconfig",
				"provision/safetext",
				"provision/shell",
			}},
			{"provision/remote/hostkey", "known_hosts", []string{
				"provision/language",
				"provision/remote/sshconfig",
			}},
			{"provision/shell", "scripts and quoting", nil},
		}},
		{"what is wanted", []room{
			{"provision/setup", "a first inventory from answers", []string{
				"provision/inventory",
				"provision/language",
				"provision/remote/sshconfig",
				"provision/site",
			}},
			{"provision/site", "what the tutorial asks of a site's files", []string{
				"provision/inventory",
				"provision/language",
			}},
			{"provision/remote/sshconfig", "the user's SSH configuration", []string{
				"provision/safetext",
			}},
			{"provision/tree", "the local files", nil},
			{"provision/inventory", "inventory.yaml as typed values", []string{
				"provision/language",
			}},
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
