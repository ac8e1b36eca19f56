# What sshd does for the deploy user and for root, as seen from where this login comes from; only root may ask. sudo drops that from the
# environment and has it in its own.
if [ "$uid" = 0 ] && have sshd && pgrep -x sshd >/dev/null 2>&1; then
	echo "sshd $(sshd -V 2>&1 | sed -n 's/.*OpenSSH_\([0-9.]*\).*/\1/p' | head -n 1)"
	c=${SSH_CONNECTION:-$({ tr '\0' '\n' <"/proc/$PPID/environ"; } 2>/dev/null | sed -n 's/^SSH_CONNECTION=//p')}
	set -- $c
	echo "sshd.from host=${1:-127.0.0.1},addr=${1:-127.0.0.1}${4:+,laddr=$3,lport=$4}"
	[ -z "$4" ] || echo "sshd.port $4"
	for u in root "$user"; do
		sshd -T -C "user=$u,host=${1:-127.0.0.1},addr=${1:-127.0.0.1}${4:+,laddr=$3,lport=$4}" 2>/dev/null |
			grep -E '^(port|permitrootlogin|passwordauthentication|kbdinteractiveauthentication|challengeresponseauthentication) ' | sed "s/^/sshd.of.$u /"
	done
fi
