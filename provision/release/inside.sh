# Connects its input and output to a port of a container from inside: by a program of the host that enters the container's network,
# which is quick, or by one that the container has. Arguments: the container; whether its processes are the user's own on this host,
# which alone can be entered; the script that connects; the way; the address and the port. Without the last three it prints the
# way: the container's process on the host, or exec; or nothing.
container=$1 own=$2 connect=$3 way=$4
shift 3
[ $# -eq 0 ] || shift
enter() {
	pid=$1
	shift
	nsenter -U --preserve-credentials -n -t "$pid" sh -c "$connect" sh "$@"
}
case $way in
exec) exec docker exec -i "$container" sh -c "$connect" sh "$@" ;;
[0-9]*) enter "$way" "$@" ;;
*)
	[ -z "$own" ] || pid=$(docker inspect --format '{{.State.Pid}}' "$container") || exit
	if [ "$own" ] && enter "$pid" >/dev/null 2>&1; then
		echo "$pid"
	elif docker exec "$container" sh -c "$connect" >/dev/null 2>&1; then
		echo exec
	fi
	;;
esac
