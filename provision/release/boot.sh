# Starts the candidate and prints what it became. Arguments: its name, its network (empty: the bridge), the site, and the command
# that runs it. Status 73 tells that there is no such network to be had. Only where that fails it makes the candidates' network, where that is missing, removes our own leftover of the same
# name, and tries again: each of these is a docker command that is mostly not needed.
candidate=$1 network=$2 site=$3
shift 3
if ! "$@" >/dev/null 2>&1; then
	ensure_network "$network" "$site" || exit 73
	remove_ours "$candidate" "$site" || exit
	# A run that fails leaves a container behind that holds the name.
	"$@" >/dev/null || { code=$?; remove_ours "$candidate" "$site"; exit $code; }
fi
docker inspect "$candidate"
