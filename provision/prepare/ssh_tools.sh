# What the scripts of sshd's settings share.
effective() { sshd -T -f "$1" -C "$2"; }
check() { sshd -t -f "$1"; }
# won reports whether sshd does what is wanted of it. The first value that it reads is the one: ours has to come before all others, those
# of a Match excepted. It reads what the scripts that apply settings are given: main, live, user, from, settings.
won() {
	for u in "$user" root; do
		effective "$main" "user=$u,$from" >"$live/effective" || return 1
		printf '%s\n' "$settings" | tr A-Z a-z | while read -r name value; do
			[ "$name" = challengeresponseauthentication ] || grep -qx "$name $value" "$live/effective" || { grep "^$name " "$live/effective"; exit 1; }
		done || return 1
	done
}
# reload has sshd read its configuration again, and returns once it has: its process id is written anew at the end. Whoever is logged
# in stays so.
reload() {
	check "$1" || return 1
	# Where systemd holds the port, sshd cannot bind to it again and ends; a new one is given the port. Those who are logged in stay so.
	for s in ssh sshd; do
		if systemctl --quiet is-active $s.socket 2>/dev/null; then systemctl try-restart $s.service; return; fi
	done
	file=$(effective "$1" user=root,host=localhost,addr=127.0.0.1 | sed -n 's/^pidfile //p')
	if [ -f "$file" ] && read -r pid <"$file" && [ "$(cat "/proc/$pid/comm")" = sshd ]; then
		: >"$2/mark"
		kill -HUP "$pid" || return 1
		i=0
		until [ "$file" -nt "$2/mark" ]; do
			i=$((i+1)); [ $i -lt 100 ] || { echo "sshd did not come back" >&2; return 1; }
			sleep 0.1 2>/dev/null || sleep 1
		done
	else
		systemctl reload ssh 2>/dev/null || systemctl reload sshd || return 1
		sleep 2 # systemd says no more than that the signal was sent
	fi
}
