# ensure_network NAME SITE: makes the network on which candidates boot, where it is missing; an empty name is the bridge. One of
# that name which leads out of the host would give the candidate the ports: docker says that the name is taken.
ensure_network() {
	[ -z "$1" ] || [ "$(docker network inspect --format '{{.Internal}}' "$1" 2>/dev/null)" = true ] ||
		docker network create --internal --label "io.provision.site=$2" "$1" >/dev/null
}
