# The container that the ports are taken from, as the first arguments: its id; whether it serves; whether it shares the host's
# network; whether it publishes ports; its restart policy; its places on networks, each the network and the options of docker
# network connect. A place is quoted words, and so is the list of them. All are empty for a first release.
previous=$1 serves=$2 on_host=$3 publishes=$4 policy=$5 places=$6
shift 6

# let_go takes the ports away. A container that shares the host's network has to stop; that it was stopped must not keep it down
# should the host go away meanwhile.
let_go() {
	[ -n "$serves" ] || return 0
	eval "set -- $places"
	for place do leave_place "$place"; done
	if [ -n "$on_host" ]; then
		d update --restart always "$previous"
		d stop -t 3 "$previous"
	fi
}
leave_place() {
	eval "set -- $1"
	leave "$1" "$previous"
}

# give_back gives the ports back.
give_back() {
	[ -n "$serves" ] || return 0
	eval "set -- $places"
	for place do join_place "$place"; done
	d start "$previous" || say
	[ -z "$on_host" ] || d update --restart "$policy" "$previous"
}
join_place() {
	eval "set -- $1"
	network=$1
	shift
	join "$@" "$network" "$previous"
}

# has_back looks whether the ports are really there: after a port was found taken, docker shows a container on the bridge that
# has none. revive restarts it, which alone mends that.
has_back() {
	[ -n "$serves" ] || return 0
	if [ -n "$publishes" ]; then holds "$previous"; else up "$previous"; fi
}
revive() {
	d restart -t 0 "$previous" || say
	has_back
}

# undo ends a cutover that failed: 71 says that the ports are where they were, 72 that the previous container is left without.
undo() {
	give_back
	has_back || revive || exit 72
	exit 71
}
