# What the scripts of sshd's settings share.
effective() { sshd -T -f "$1" -C "$2"; }
check() { sshd -t -f "$1"; }
# reload has sshd read its configuration again, and returns once it has: its process id is written anew at the end. Whoever is logged
# in stays so.
reload() {
	check "$1" || return 1
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
