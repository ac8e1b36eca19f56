package language

func enDash() words {
	return words{
		"dash.column.host":        "Host",
		"dash.column.state":       "State",
		"dash.column.release":     "Release",
		"dash.column.age":         "Age",
		"dash.column.answer":      "Answer",
		"dash.column.latency":     "Latency",
		"dash.column.cpu":         "CPU",
		"dash.column.memory":      "Mem",
		"dash.column.disk":        "Disk",
		"dash.column.certificate": "Cert",
		"dash.column.dns":         "DNS",
		"dash.column.source":      "Source",

		"dash.connecting":    "connecting",
		"dash.unreachable":   "unreachable",
		"dash.lost":          "lost %s",
		"dash.silent-for":    "silent %s",
		"dash.unknown":       "unknown",
		"dash.absent":        "absent",
		"dash.running":       "running",
		"dash.no-answer":     "no answer",
		"dash.days":          "%d d",
		"dash.dns.here":      "here",
		"dash.dns.elsewhere": "other",
		"dash.dns.none":      "none",
		"dash.same":          "same",
		"dash.differs":       "differs",
		"dash.count":         "%d of %d running",
		"dash.none-left":     "no host matches %s; esc shows all",

		"dash.view.log":        "Log",
		"dash.view.requests":   "Requests",
		"dash.view.releases":   "Releases",
		"dash.view.containers": "Containers",
		"dash.view.host":       "Host",
		"dash.log.wait":        "The log of the live container comes here.",
		"dash.log.empty":       "The container has written nothing yet.",
		"dash.log.none-such":   "No line of the log is of this level. L changes the level.",
		"dash.level.warning":   "warnings",
		"dash.level.error":     "errors",
		"dash.requests.none": "No request of the last hour is in the container's log.\n" +
			"Requests are read from it in nginx' formats main and combined; for nginx to write there: access_log /dev/stdout;",
		"dash.requests.now":     "This min",
		"dash.requests.before":  "Last min",
		"dash.requests.hour":    "Last hour",
		"dash.requests.minutes": "the last %d minutes",
		"dash.requests.failed":  "The last requests that failed",
		"dash.log.next":         "Now the log of release %s",
		"dash.no-history":       "Nothing was deployed here yet.",
		"dash.no-containers":    "There are no containers.",
		"dash.current":          "live",
		"dash.head.container":   "Container",
		"dash.head.status":      "Status",
		"dash.head.release":     "Release",
		"dash.head.image":       "Image",
		"dash.head.ports":       "Ports",

		"dash.fact.target":      "Login",
		"dash.fact.trip":        "Round trip",
		"dash.fact.known":       "Last heard",
		"dash.fact.up":          "Up for",
		"dash.fact.load":        "Load",
		"dash.fact.memory":      "Memory",
		"dash.fact.disk":        "Disk",
		"dash.fact.image":       "Image",
		"dash.fact.restarts":    "Restarts",
		"dash.fact.server":      "Server",
		"dash.fact.certificate": "Certificate",
		"dash.fact.dns":         "DNS",
		"dash.fact.wanted":      "Source here",
		"dash.fact.lock":        "Lock",
		"dash.fact.trouble":     "Trouble",
		"dash.ago":              "%s ago",
		"dash.of":               "%s of %s in use",
		"dash.used":             "%s in use, %s free",
		"dash.certificate":      "%s, until %s (%d days)",

		"dash.key.quit":          "quit",
		"dash.key.help":          "help",
		"dash.key.pane":          "into the pane",
		"dash.key.filter":        "filter",
		"dash.key.search":        "search",
		"dash.key.follow":        "follow",
		"dash.key.back":          "back",
		"dash.key.rollback":      "roll back to it",
		"dash.key.rollback-last": "roll back",
		"dash.key.view":          "panes",
		"dash.key.scroll":        "scroll",
		"dash.key.shell":         "shell",
		"dash.key.open":          "browser",
		"dash.key.copy":          "copy URL",
		"dash.key.plan":          "plan",
		"dash.key.deploy":        "deploy",
		"dash.key.level":         "level",
		"dash.key.command":       "command",
		"dash.key.run":           "run",
		"dash.key.complete":      "complete",
		"dash.key.find":          "find",
		"dash.key.cancel":        "cancel",

		"dash.ask-last":       "Roll %s back to the previous release?",
		"dash.ask-release":    "Roll %s back to release %s?",
		"dash.key.yes":        "yes",
		"dash.key.no":         "no",
		"dash.copied":         "Copied %s, if the terminal allows it.",
		"dash.opened":         "Opening %s",
		"dash.no-url":         "The site of %s was not asked yet; its URL is not known.",
		"dash.no-container":   "No container of the site runs on %s; there is nothing to open a shell in.",
		"dash.no-command":     "There is no command %s, or it is short for several; tab after : lists them.",
		"dash.no-argument":    "The command %s takes no argument.",
		"dash.no-host":        "There is no host %s among those that are shown.",
		"dash.no-level":       "There is no level %s; there are %s.",
		"dash.connected":      "There is a connection to %s already.",
		"dash.reconnecting":   "Connecting to %s",
		"dash.is-current":     "Release %s is live already.",
		"dash.record-without": "This run made no release; there is nothing to go back to.",
		"dash.enter":          "Press Enter to return to the cockpit.",
		"dash.help": "%s choose a host, or scroll the pane that has the keys\n" +
			"enter, tab  into the pane below, and back with esc\n" +
			"1 to 5      log, requests, releases, containers, facts of the host\n" +
			"[ ]         the host before, the one after\n" +
			"/           filter the hosts by name, release or state; in the log: search\n" +
			"L           the log's warnings and errors, its errors alone, all of it\n" +
			"f           in the log: follow the newest lines; n, N: the next match\n" +
			"r           connect now to a host that was lost\n" +
			":           an action by its name, completed by tab: rollback RELEASE,\n" +
			"            level error, filter TEXT, goto HOST and all of these keys\n" +
			"\n" +
			"These run another command on the chosen host:\n" +
			"e           a shell in the live container\n" +
			"o           open the site in the browser\n" +
			"y           copy its URL (the terminal must allow it: OSC 52)\n" +
			"p           plan: what a run would change\n" +
			"d           deploy; it asks before it changes anything\n" +
			"R           roll back to the previous release; it asks first\n" +
			"enter       in the releases: roll back to the chosen one; it asks first\n" +
			"\n" +
			"DNS         whether the domain leads here, to another host, or nowhere\n" +
			"Source      whether the source here is what is live; p tells more\n" +
			"Latency     the last answers of the site, the slowest at full height\n" +
			"\n" +
			"The cockpit itself changes nothing. It asks each site now and then, as\n" +
			"provision-probe; lines of the log that name it are left out here.\n" +
			"q           quit",

		"dash.no-link":     "there is no connection to %s now; the cockpit connects again by itself",
		"dash.silent":      "the host has not answered for %s; connecting again",
		"dash.no-browser":  "no browser for %s: %v",
		"dash.no-terminal": "the cockpit needs a terminal; `provision status` prints what is deployed, `provision status --json` for scripts",
		"dash.interval":    "--interval %s is too short; take at least %s, so that the hosts are not kept busy",
	}
}
