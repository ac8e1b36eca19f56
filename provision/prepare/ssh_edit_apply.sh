# Has an sshd that knows no Include take settings from now on: its configuration with ours at the top lies in a folder that a reboot
# empties, and is mounted over the file on the disk. Arguments: as those of ssh_apply.sh.
main=$(readlink -f "$1") || exit 1
live=$3 user=$4 from=$5 settings=$6
umask 077
check "$main" || exit 1
mkdir -p -- "$live" && cp -p -- "$main" "$live/main" && { printf '%s\n' "$settings"; cat -- "$main"; } >"$live/main" && check "$live/main" || { rm -rf -- "$live"; exit 1; }
: >"$live/begun"
mount --bind "$live/main" "$main" || exit 1
won || { echo "something in $main overrides this" >&2; exit 1; }
reload "$main" "$live"
