# Puts the configuration that sshd has already in the place of the one on the disk, which stays beside it. Arguments: sshd's
# configuration, our file, the folder.
main=$(readlink -f "$1") || exit 1
live=$3
umask 077
umount "$main" && cp -p -- "$main" "$main.before-provision" && : >"$live/kept" && cp -p -- "$main" "$main.new" && cat -- "$live/main" >"$main.new" &&
	check "$main.new" && sync && mv -f -- "$main.new" "$main" && sync && rm -rf -- "$live"
