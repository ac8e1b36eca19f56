# Takes back what ssh_apply.sh did, wherever that stopped. Arguments: sshd's configuration, our file beside it, the folder.
main=$(readlink -f "$1") || exit 1
own=$2 live=$3
[ -e "$live/begun" ] || exit 0
if [ -f "$live/main" ]; then cp -p -- "$live/main" "$main.new" && mv -f -- "$main.new" "$main" || exit 1; fi
if [ -f "$live/before" ]; then cp -p -- "$live/before" "$own.new" && mv -f -- "$own.new" "$own"; else rm -f -- "$own"; fi || exit 1
reload "$main" "$live" && rm -rf -- "$live" "$own.new" "$main.new"
