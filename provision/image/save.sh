# Has the engine save an image as files of a folder, unless an earlier run did, and prints what is in it. What was saved of others goes.
root=$1 key=$2 # the folder of all saved images, and this one's in it
image=$3       # its name
id=$4          # what the engine must call it
umask 077
mkdir -p "$root" && cd "$root" || exit
for f in * .part; do [ "$f" = "$key" ] || rm -rf -- "$f" || exit; done
[ "$(docker image inspect --format '{{.Id}}' "$image")" = "$id" ] || exit 65
if [ ! -d "$key" ]; then
	needs=$(docker image inspect --format '{{.Size}}' "$image") || exit
	free=$(df -Pk . | (read -r _ && read -r _ _ _ free _ && echo "$free"))
	[ "$((needs / 1024))" -lt "$free" ] || { echo "$((needs / 1048576)) $((free / 1024))"; exit 66; }
	mkdir .part && docker save "$image" | tar -xf - -C .part && [ -s .part/manifest.json ] && mv .part "$key" || exit
fi
cd "$key" || exit
manifest=$(tr -d '\r\n' <manifest.json)
config=$(printf %s "$manifest" | sed 's/.*"Config":"\([^"]*\)".*/\1/')
echo "manifest $manifest"
echo "config $(wc -c <"$config") $(tr -d '\r\n' <"$config")"
printf %s "$manifest" | sed 's/.*"Layers":\[\([^]]*\)\].*/\1/; s/"//g' | tr ',' '\n' | while read -r layer || [ "$layer" ]; do
	echo "size $(wc -c <"$layer")"
done
