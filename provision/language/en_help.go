package language

func enHelp() words {
	return words{
		"help.provision": "Take a website from this machine to a live container on a cloud host",
		"help.provision.long": `provision takes a website on your own machine to a live, verified container
on a cloud host over SSH. It walks through eleven steps: log in, check the
site's files, upload them, build the image there, run the container, and see
that the site answers. Anything already in place is left alone. Run it any
time; it is idempotent.

On a terminal it is a wizard; with --yes it never prompts.

Exit status:
  0    done
  1    a step failed
  2    usage or inventory is wrong; nothing was connected to
  3    a host cannot be reached or refuses the login
  4    the new release failed its checks and the previous one serves
  5    another run holds the lock; see provision unlock
  6    plan --exit-code found changes
  130  interrupted`,
		"help.provision.example": `  provision sandbox up      a cloud host on this machine, to try everything on
  provision init            write an inventory.yaml for a host of your own
  provision plan            what would change
  provision --yes           apply it
  provision status          what is deployed now`,

		"help.usage":     "Usage:",
		"help.examples":  "Examples:",
		"help.commands":  "Commands:",
		"help.flags":     "Flags:",
		"help.common":    "Flags of every command that reaches a host:",
		"help.line":      "%s [flags]",
		"help.subline":   "%s [command]",
		"help.more":      "Use \"%s [command] --help\" for more information about a command.",
		"help.default":   " (default %s)",
		"help.deploying": "Deploy:",
		"help.looking":   "Look:",
		"help.operating": "Operate:",
		"help.beside":    "Set up:",

		"help.deploy":           "Deploy the site; the same as provision alone",
		"help.deploy.example":   "  provision deploy --yes --limit aliyun",
		"help.plan":             "Show what a run would change, with diffs; changes nothing",
		"help.plan.example":     "  provision plan\n  provision plan --exit-code || echo 'there is something to do'",
		"help.rollback":         "Go back to the previous release, or to the one named, with its own settings",
		"help.rollback.example": "  provision rollback\n  provision rollback 4bfb63fa1314 --yes",
		"help.down":             "Stop and remove the site's container; keep files and images",
		"help.down.example":     "  provision down\n  provision down --files --images --yes",
		"help.status":           "Show what is deployed: release, image, container, ports, certificate, drift",
		"help.status.example":   "  provision status\n  provision status --json | jq .certificate_days",
		"help.dash":             "Watch all hosts live: state, log, releases; shell, plan, deploy, rollback",
		"help.dash.long": `The cockpit shows a row a host and, of the chosen one, the log, the releases,
the containers and what is known of the host, over one connection a host that
is made again when it is lost. It looks and changes nothing; its keys open a
shell, show a plan, deploy or roll back, each by the command of that name,
which asks as ever. Press ? for the keys. A login cannot be asked for anything
here: a key with a passphrase has to be in the agent.`,
		"help.dash.example":     "  provision dash\n  provision dash --limit aliyun,tencent",
		"help.history":          "Show who deployed what, when, and how it ended",
		"help.history.example":  "  provision history --limit aliyun",
		"help.logs":             "Show the container's log",
		"help.logs.example":     "  provision logs -f\n  provision logs --since 2h",
		"help.doctor":           "Check this machine, the host and the site, and explain what is missing; changes nothing",
		"help.doctor.example":   "  provision doctor",
		"help.diagnose":         "Read a failure's output from FILE or stdin and name cause, evidence and fix",
		"help.diagnose.example": "  docker build . 2>&1 | provision diagnose\n  provision diagnose build.log",
		"help.exec":             "Run a command in the running container",
		"help.exec.example":     "  provision exec -- nginx -T\n  provision exec -- bash",
		"help.unlock":           "Show who holds the lock, and remove it",
		"help.unlock.example":   "  provision unlock",
		"help.init":             "Write an inventory.yaml, by questions or flags",
		"help.init.example":     "  provision init\n  provision init --address 203.0.113.10 --user kevin --source ./site",
		"help.sandbox":          "Run a throw-away cloud host on this machine, to try everything on",
		"help.sandbox.long": `A sandbox host is a container with a real sshd, a Docker Engine of its own and
the user kevin, at an address of its own on this machine's loopback. It comes
with a sample site and an inventory that deploys it. It needs a Docker Engine
here, root, and mmdebstrap where no registry can be reached.`,
		"help.sandbox.up":             "Start a host and print the inventory file that reaches it",
		"help.sandbox.up.example":     "  provision -i \"$(provision sandbox up)\" --yes",
		"help.sandbox.down":           "Remove hosts with everything that belongs to them",
		"help.sandbox.down.example":   "  provision sandbox down --name demo",
		"help.sandbox.status":         "List the hosts",
		"help.sandbox.status.example": "  provision sandbox status",
		"help.man":                    "Write the manual pages into FOLDER",
		"help.man.example":            "  provision man /usr/local/share/man/man1",
		"help.man.flag.date":          "the `DATE` that they show",
		"help.schema":                 "Print the JSON Schema of inventory.yaml",
		"help.schema.long":            "Print the JSON Schema of inventory.yaml, for editors that complete and check YAML by one: name the file in the first line of inventory.yaml, as in the example. It has a description of each field, in the language of --lang.",
		"help.schema.example":         "  provision schema > schema.json   # and in the first line of inventory.yaml:\n                                    # yaml-language-server: $schema=schema.json",
		"help.version":                "Print the program's version",
		"help.version.example":        "  provision version --json",
		"help.help":                   "Show the help of a command",
		"help.help.example":           "  provision help sandbox up",

		"help.completion":                    "Print a completion script for a shell",
		"help.completion.long":               "Print the script by which a shell completes the commands and flags of provision.\nThe help of each shell says how to load it.",
		"help.completion.bash":               "Print the completion script for bash",
		"help.completion.bash.long":          "Print the completion script for bash. It needs the package bash-completion.",
		"help.completion.bash.example":       "  # for this shell\n  source <(provision completion bash)\n  # for every new one\n  provision completion bash > /etc/bash_completion.d/provision",
		"help.completion.zsh":                "Print the completion script for zsh",
		"help.completion.zsh.long":           "Print the completion script for zsh.",
		"help.completion.zsh.example":        "  # for this shell\n  source <(provision completion zsh)\n  # for every new one\n  provision completion zsh > \"${fpath[1]}/_provision\"",
		"help.completion.fish":               "Print the completion script for fish",
		"help.completion.fish.long":          "Print the completion script for fish.",
		"help.completion.fish.example":       "  # for this shell\n  provision completion fish | source\n  # for every new one\n  provision completion fish > ~/.config/fish/completions/provision.fish",
		"help.completion.powershell":         "Print the completion script for PowerShell",
		"help.completion.powershell.long":    "Print the completion script for PowerShell. For every new shell, add it to your profile.",
		"help.completion.powershell.example": "  # for this shell\n  provision completion powershell | Out-String | Invoke-Expression",

		"help.flag.accept-new-host-key": "trust hosts that known_hosts does not list yet, and add them to it",
		"help.flag.accessible":          "plain questions and lines instead of full-screen pages, for screen readers",
		"help.flag.fix":                 "mend the site's files where the program can: COPY lines, TLS server, redirect",
		"help.flag.help":                "show this help",
		"help.flag.inventory":           "the inventory `FILE`: what to deploy and where to",
		"help.flag.json":                "print what happens as events, one JSON object a line, and nothing else",
		"help.flag.lang":                "language of the messages: `en|zh` (default: the locale's)",
		"help.flag.limit":               "only these hosts of the inventory: `NAME[,NAME]`",
		"help.flag.log-file":            "write the whole log to `FILE` (default: one a run in the user's cache)",
		"help.flag.no-color":            "print no colours, as with NO_COLOR in the environment",
		"help.flag.no-descriptions":     "leave out the descriptions",
		"help.flag.report":              "write a shareable report to `FILE`; secrets, keys, names and addresses are masked",
		"help.flag.report-names":        "leave names and addresses of hosts and users readable in the report",
		"help.flag.timeout":             "give up after this `DURATION`, such as 10m (default: never)",
		"help.flag.wait-lock":           "wait up to this `DURATION` for another run to give the lock back (default: fail)",
		"help.flag.verbose":             "show the commands that run on the hosts, and diffs",
		"help.flag.verify":              "read every file here and on the hosts; trust no remembered hash",
		"help.flag.version":             "print the program's version",
		"help.flag.yes":                 "never prompt; use defaults, or fail where none is safe",

		"help.plan.flag.exit-code":      "exit with status 6 when there is something to change",
		"help.rollback.flag.yes":        "never prompt",
		"help.down.flag.yes":            "never prompt; without a terminal, --images and --files need it",
		"help.down.flag.images":         "remove the site's images too",
		"help.down.flag.files":          "remove the uploaded files too, and the folder with the history",
		"help.logs.flag.follow":         "keep printing what the container writes from now on",
		"help.logs.flag.lines":          "only the last `N` lines; -1 for all, as --since alone does",
		"help.logs.flag.since":          "only from a `TIME` on, such as 10m, 2d, 2026-11-30 or \"2026-11-30 18:04\"",
		"help.status.flag.json":         "print one JSON object a host",
		"help.dash.flag.interval":       "look at the hosts every `DURATION`",
		"help.history.flag.json":        "print one JSON object a run, one a line",
		"help.doctor.flag.json":         "print one JSON object with all checks",
		"help.unlock.flag.json":         "print one JSON object a host",
		"help.exec.flag.tty":            "give the command this terminal, as for a shell (default: where there is one)",
		"help.unlock.flag.yes":          "never prompt; remove the lock of a run that is alive, too",
		"help.diagnose.flag.inventory":  "the inventory `FILE` whose names and secrets are masked in the report, if it exists",
		"help.diagnose.flag.json":       "print one JSON object",
		"help.version.flag.json":        "print one JSON object",
		"help.init.flag.inventory":      "the `FILE` to write",
		"help.init.flag.address":        "the `HOST` to deploy to: a name, an IP address, or an alias of the SSH configuration",
		"help.init.flag.port":           "the `PORT` of its SSH server",
		"help.init.flag.ports":          "ports to publish, `HOST:CONTAINER`, several with commas between (default: what the source tells)",
		"help.init.flag.user":           "the `USER` to log in as (default: the SSH configuration's)",
		"help.init.flag.identity":       "the private key `FILE` to log in with (default: the agent's and OpenSSH's usual ones)",
		"help.init.flag.name":           "the site's `NAME`",
		"help.init.flag.source":         "the `FOLDER` with the Dockerfile",
		"help.init.flag.directory":      "the `FOLDER` of the site on the host",
		"help.init.flag.domain":         "the `NAME` that visitors type",
		"help.init.flag.certificate":    "the certificate `FILE`, relative to the source; empty, with an empty key: plain http",
		"help.init.flag.key":            "its private key `FILE`, relative to the source",
		"help.sandbox.up.flag.name":     "the host's `NAME`",
		"help.sandbox.up.flag.count":    "how many hosts: NAME-1 to NAME-`N` for more than one",
		"help.sandbox.up.flag.engine":   "its `ENGINE`: 20.10, 26.1, 28, rootless or podman",
		"help.sandbox.up.flag.system":   "its `SYSTEM`: debian, busybox, dropbear, fish, tcsh, zsh, exec-zsh, no-forwarding or one-session",
		"help.sandbox.up.flag.json":     "print the hosts as JSON, one a line",
		"help.sandbox.down.flag.name":   "only the hosts of this `NAME` (default: all)",
		"help.sandbox.down.flag.images": "remove the images and cached root file systems too; the next up takes a minute longer",
		"help.sandbox.status.flag.json": "print the hosts as JSON, one a line",

		"usage.see":            "%s; see `%s --help`",
		"usage.flag-unknown":   "unknown flag: %s%s",
		"usage.flag-value":     "flag needs a value: %s",
		"usage.flag-invalid":   "invalid value %q for %s: %s",
		"usage.no-argument":    "`%[1]s` takes no argument such as %[2]q; see `%[1]s --help`",
		"usage.no-command":     "`%[1]s` has no command %[2]q%[3]s; see `%[1]s --help`",
		"usage.meant":          "; did you mean `%s`?",
		"usage.lang":           "--lang %s is not a language of this program; use one of %s",
		"usage.no-terminal":    "there is no terminal to ask questions on; add --yes to run without them, or see what would change with `provision plan`",
		"usage.init-address":   "there is no terminal to ask questions on; say at least --address, the host to deploy to",
		"usage.limit-empty":    "--limit is empty; name a host of the inventory, or leave the flag out for all of them",
		"usage.since":          "--since takes how long ago, such as 10m or 2d, or a time such as 2026-11-30 18:04, and not %q",
		"usage.lines":          "-n takes a number of lines, or -1 for all, and not %q",
		"usage.exec-nothing":   "there is no command to run in the container; write it behind --, as in `provision exec -- nginx -T`",
		"usage.exec-terminal":  "--tty needs a terminal here too; leave it out, and --json as well where a person types",
		"usage.diagnose-files": "diagnose reads one file, or standard input without one",
		"usage.diagnose-input": "cannot read the output to diagnose: %s",
		"usage.rollback":       "rollback takes the name of one release; `provision status` lists them",
		"usage.json-prompt":    "with --json no question is asked; add --yes to run without it",
		"usage.destroys":       "this removes for good what is on the host, and nobody is asked in this mode; add --yes, or see with `provision status` what is there",
		"usage.one-host":       "the inventory has %d hosts and this command works on one; name it with --limit",
	}
}
