# Removes the images of a site that were built here for its hosts, but for the one that they have now.
keep=$1
site=$2 directory=$3 image=$4 # labels that it has made them with
now=$(docker image inspect --format '{{.Id}}' "$keep") || exit
for id in $(docker image ls -q --no-trunc --filter "label=$site" --filter "label=$directory" --filter "label=$image" | sort -u); do
	[ "$id" = "$now" ] && continue
	names=$(docker image inspect --format '{{join .RepoTags " "}}' "$id" 2>/dev/null)
	docker image rm ${names:-"$id"} >/dev/null 2>&1
done
exit 0
