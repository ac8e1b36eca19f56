# Sees to room for a build on the disk of the engine: where that has less than the build will need, earlier releases go, the oldest
# first. The live one stays, and the one before it; so does all that is not ours, which the build cache may be: docker cannot tell
# whose it is. It prints "room FREE NEEDED FREED OURS ROOT": bytes that are free and that the build will need, how many releases went,
# bytes that our images take, and the folder of the engine.
#
# Arguments: the state folder; the live container's name; the site, its folder and its image; the id and the size of the image that
# was built last (empty where there is none); bytes of the files; what to do: "free", or "look" and no more.
dir=$1 live=$2 site=$3 here=$4 image=$5 last=$6 how=$9
besides=$(($8 + 67108864)) # the files, and what an engine takes for its own
needed=$(($7 + besides))
root=$(docker info --format '{{.DockerRootDir}}') && [ -d "$root" ] || exit 0
look() {
	set -- $(df -Pk "$root" | tail -n 1)
	free=$(($4 * 1024))
}
look
freed=0 ours=0
if [ "$how" = look ] || [ "$free" -lt "$needed" ]; then
	names=$(image_names "$site" "$here")
	ids=$(printf '%s\n' "$names" | cut -d ' ' -f 1 | sort -u)
	for id in $ids; do [ "$id" = "$last" ] || count "$id"; done
	others=$bytes
	[ -z "$last" ] || count "$last"
	ours=$bytes
	# What the last build had of its own, and not all of the image: the rest is still there.
	[ "$others" = 0 ] || needed=$((bytes - others + besides))
fi
if [ "$how" = free ] && [ "$free" -lt "$needed" ]; then
	earlier=$(docker ps -a --no-trunc --filter "label=io.provision.site=$site" --filter "label=io.provision.directory=$here" --filter status=exited --format '{{.ID}}	{{.Names}}	{{.Label "io.provision.release"}}' |
		while IFS='	' read -r id name release; do
			case $name in "$live-candidate") ;; "$live-$release") [ -z "$release" ] || echo "$id" ;; esac
		done)
	[ -z "$earlier" ] || earlier=$(docker inspect --format '{{.State.FinishedAt}} {{.Id}} {{.Image}} {{index .Config.Labels "io.provision.release"}}' $earlier | sort | sed '$d')
	current=$(docker inspect --format '{{index .Config.Labels "io.provision.release"}}' "$live" 2>/dev/null)
	while read -r _ id of release; do
		[ -n "$id" ] && [ "$free" -lt "$needed" ] || continue
		docker rm -f -v "$id" >/dev/null || continue
		[ "$release" = "$current" ] || rm -f "$dir/releases/$release.json"
		printf '%s\n' "$names" | while read -r i name; do [ "$i" != "$of" ] || [ "$name" = "$image" ] || docker image rm "$name" >/dev/null 2>&1; done
		freed=$((freed + 1))
		look
	done <<END
$earlier
END
fi
echo "room $free $needed $freed $ours $root"
