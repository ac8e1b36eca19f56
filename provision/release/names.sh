# Ends a cutover: the previous container is retired, so that a reboot brings up what is live alone, and the candidate gets the live
# name. It prints what that container is. Arguments: the previous container's id (empty: none), the name that it gets, the one
# under its own id; the site; the candidate, and the live name; the network that it has still to leave (empty: none).
previous=$1 retired=$2 own=$3 site=$4 candidate=$5 live=$6 internal=$7
if [ -n "$previous" ]; then
	d update --restart no "$previous"
	if ! rename "$previous" "$retired"; then
		# A container that was retired from the same release before is no longer needed.
		for other in $(docker ps -aq --no-trunc --filter "name=^/$retired\$" --filter "label=io.provision.site=$site" --filter label=io.provision.release); do
			[ "$other" = "$previous" ] || docker rm -f -v "$other" >/dev/null
		done
		# A stranger has that name: then it is retired under its own id.
		rename "$previous" "$retired" || named "$previous" "$own" || exit 1
	fi
fi
named "$candidate" "$live" || exit 1
[ -z "$internal" ] || leave "$internal" "$live"
docker inspect "$live"
