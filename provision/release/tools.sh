# Functions of the scripts that move ports and names. d runs a docker command and, while the engine is being restarted, tries again
# for a minute; leave and join take a container off a network and put it there, wherever it is now. now is in milliseconds; BusyBox
# knows no %N.
d() {
	n=0
	until message=$(docker "$@" 2>&1); do
		case $message in *'Cannot connect to the Docker daemon'* | *'error during connect'* | *'unexpected EOF'* | *'EOF' | *'connection reset'* | *'closed network connection'* | *'context canceled'*) ;; *) return 1 ;; esac
		n=$((n + 1))
		[ $n -lt 120 ] || return 1
		sleep 0.5 2>/dev/null || sleep 1
	done
}
say() { printf '%s\n' "$message" >&2; }
leave() {
	d network disconnect -f "$1" "$2" && return
	case $message in *'is not connected'* | *'not found'*) ;; *) say; return 1 ;; esac
}
join() {
	d network connect "$@" && return
	case $message in *'already exists in network'* | *'already attached to network'*) ;; *) say; return 1 ;; esac
}
holds() { d port "$1" && [ -n "$message" ]; }
up() { d inspect --format '{{.State.Running}}' "$1" && [ "$message" = true ]; }
# From Docker 26 on, a container that lost its place on the bridge over a taken port can only be renamed once it was restarted.
rename() {
	d rename "$1" "$2" && return
	case $message in *'no endpoint attached'*) ;; *) return 1 ;; esac
	d restart -t 0 "$1"
	d rename "$1" "$2"
}
named() {
	rename "$1" "$2" && return
	case $message in *'same name as its current'*) ;; *) say; return 1 ;; esac
}
# now: milliseconds since the host was started. Its clock may be set meanwhile.
now() {
	read -r t _ </proc/uptime
	echo "${t%.*}${t#*.}0"
}
