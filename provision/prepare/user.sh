user=$1
# Makes the deploy user with home folder and .ssh where they are not there, puts owners and modes right, and adds the keys that
# follow to authorized_keys. Below a home folder that is there already, root changes owners and nothing else: the user may have put
# links there.
shift
id "$user" >/dev/null 2>&1 || {
	shell=/bin/bash
	[ -x $shell ] || shell=/bin/sh
	useradd --create-home --shell $shell "$user" || exit
}
home=$(getent passwd "$user" | cut -d : -f 6)
group=$(id -gn "$user")
[ -d "$home" ] || install -d -m 755 -o "$user" -g "$group" "$home" || exit
own() {
	[ ! -h "$1" ] && [ -e "$1" ] || return 0
	[ -d "$1" ] || [ "$(stat -c %h "$1")" = 1 ] || return 1
	[ "$(stat -c %U "$1")" = "$user" ] || chown -h "$user:$group" "$1"
}
own "$home" && own "$home/.ssh" && own "$home/.ssh/authorized_keys" || exit
umask 077
for key; do printf '%s\n' "$key"; done | su -s /bin/sh "$user" -c '
	cd "$1" && mkdir -p .ssh && chmod go-w . && chmod 700 .ssh && cd .ssh && touch authorized_keys && chmod go-w authorized_keys || exit
	[ -z "$(tail -c 1 authorized_keys)" ] || echo >>authorized_keys
	cat >>authorized_keys' sh "$home"
