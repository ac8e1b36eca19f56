# remove_ours NAME SITE: removes the container of a name if it is a release of the site's. A stranger's may have that name too.
remove_ours() {
	left=$(docker ps -aq --filter "name=^/$1\$" --filter "label=io.provision.site=$2" --filter label=io.provision.release)
	[ -z "$left" ] || docker rm -f -v $left >/dev/null
}
