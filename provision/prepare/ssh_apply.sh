# Has sshd take settings from now on, and from a folder that a reboot empties: the one line on the disk names that folder, and is
# nothing without it. ssh_keep.sh writes the settings themselves, ssh_undo.sh takes it all back. Arguments: sshd's configuration, our
# file beside it, the folder, the deploy user, whence he comes (as sshd -C has it), and the settings, one a line.
main=$(readlink -f "$1") || exit 1
own=$2 live=$3 user=$4 from=$5 settings=$6
umask 077
check "$main" || exit 1
mkdir -p -- "$live" "${own%/*}" && printf '%s\n' "$settings" >"$live/provision.conf" || exit 1
if [ -f "$own" ]; then cp -p -- "$own" "$live/before" || exit 1; fi
: >"$live/begun"
{ echo "Include $live/*.conf"; cat -- "$live/before" 2>/dev/null || :; } >"$own.new" && chmod 644 "$own.new" && mv -f -- "$own.new" "$own" || exit 1
if ! won >/dev/null; then
	cp -p -- "$main" "$live/main" && cp -p -- "$main" "$main.new" && { echo "Include $own"; cat -- "$live/main"; } >"$main.new" && mv -f -- "$main.new" "$main" || exit 1
	won || { echo "something in $main or the files that it includes overrides this" >&2; exit 1; }
fi
reload "$main" "$live"
