# Replaces a container whose application cannot boot without its ports or a way out: the new container is created beside the old
# one, the old one lets go, the new one starts, and the old one comes back if it does not. Further arguments: the candidates'
# network; the candidate's name and restart policy; the site; the state folder; then the command that creates the candidate with
# its ports. Without one, it is there already, without a network, and down.
internal=$1 candidate=$2 restart=$3 site=$4 state=$5
shift 5
if [ $# -gt 0 ]; then
	remove_ours "$candidate" "$site"
	"$@" >/dev/null || exit 71
else
	d stop -t 1 "$candidate"
	await_stop "$state" "$candidate"
	leave "$internal" "$candidate"
	[ "$(docker inspect --format '{{len .NetworkSettings.Networks}}' "$candidate")" != 0 ] || join bridge "$candidate" || exit 71
	d update --restart "$restart" "$candidate"
fi
begun=$(now)
let_go
if ! d start "$candidate"; then
	say
	if [ $# -gt 0 ]; then
		remove_ours "$candidate" "$site"
	else
		d update --restart no "$candidate"
		d stop -t 1 "$candidate"
		leave bridge "$candidate"
	fi
	undo
fi
echo "out-of-reach $(($(now) - begun))"
