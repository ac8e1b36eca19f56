# image_names SITE DIRECTORY: prints a line "ID NAME" for every name of every image that was built for the site, if it was the build
# that gave the name; an image without any name goes by its id. A name that somebody else gave such an image is theirs, and holds
# the image. The line that docker prints has the id, the name that the build was given, the tag that it added (the first twelve
# digits of the tree), and the name; docker ends an image with an empty one.
image_names() {
	docker image ls -q --no-trunc --filter "label=io.provision.site=$1" --filter "label=io.provision.directory=$2" | sort -u |
		xargs -r docker image inspect --format '{{$id := .Id}}{{$name := or (index .Config.Labels "io.provision.image") "-"}}{{$tag := printf "%.12s" (index .Config.Labels "io.provision.tree")}}{{range .RepoTags}}{{$id}} {{$name}} {{$tag}} {{.}}{{"\n"}}{{else}}{{$id}} {{$name}} {{$tag}} {{$id}}{{"\n"}}{{end}}' |
		while read -r id built tag name; do
			case $name in '') ;; "$built" | *:"$tag" | "$id") echo "$id $name" ;; esac
		done
}
