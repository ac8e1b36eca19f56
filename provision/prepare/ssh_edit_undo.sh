# Takes back what ssh_edit_apply.sh and ssh_edit_keep.sh did, wherever they stopped. Arguments: sshd's configuration, our file, the folder.
main=$(readlink -f "$1") || exit 1
live=$3
[ -e "$live/begun" ] || exit 0
[ "$(stat -c %d:%i -- "$main")" != "$(stat -c %d:%i -- "$live/main")" ] || umount "$main" || exit 1
if [ -f "$live/kept" ]; then mv -f -- "$main.before-provision" "$main" || exit 1; fi
rm -f -- "$main.new"
reload "$main" "$live" && rm -rf -- "$live"
