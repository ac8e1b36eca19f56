# Has the engine load an image from its files, and takes its name away again where it is not the image that was meant.
folder=$1 # the image's own; its files are in layout
name=$2 id=$3
also=$4 # another name; empty: none
cd "$folder/layout" && tar -cf - . | docker load || exit
got=$(docker image inspect --format '{{.Id}}' "$name") || exit
cd / && rm -rf "$folder" || exit
if [ "$got" = "$id" ]; then
	[ -z "$also" ] || docker tag "$name" "$also" || exit
	exit 0
fi
docker image rm "$name"
echo "$got"
exit 65
