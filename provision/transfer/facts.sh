# Prints what is on the host of the paths that the manifest names (packed) and those that were put there before, and
# what is staged. Where all is as expected that is one word. Expects: directory state inside expected names packed.
echo 'transfer 1'
for tool in find xargs stat sha256sum sort tar gzip base64 readlink; do
	command -v "$tool" >/dev/null || echo "lacks $tool"
done
# device FOLDER: of the file system that FOLDER is on, or will be.
device() {
	d=$1
	while [ ! -e "$d" ] && [ -n "$d" ]; do d=${d%/*}; done
	stat -L -c %d -- "${d:-/}"
}
stage=$state/upload
[ "$(device "$directory")" = "$(device "$state")" ] || stage=$directory/$inside
[ "$stage" = "$state/upload" ] || echo inside
d=$stage
while [ ! -e "$d" ] && [ -n "$d" ]; do d=${d%/*}; done
df -Pk -- "${d:-/}" | (read -r _ && read -r _ _ _ free _ && echo "free $free")
recorded() { cat "$state/manifest" "$state/manifest.next" "$state/manifest.kept" 2>/dev/null; }
packed() { [ -z "$packed" ] || printf '%s' "$packed" | base64 -d | gzip -dc; }
known() {
	recorded
	packed
}
sorted() { known | sort -zu; }
staged() { find . ! -name . -print0 | sort -z; }
held() {
	staged
	printf '\0'
	list staged
}
# payload NAME COMMAND...: what COMMAND prints, as text.
payload() {
	echo "$1"
	shift
	"$@" | gzip -c | base64
	echo .
}
plain=yes
for f in "$state/manifest.next" "$state/manifest.kept" "$stage"; do [ ! -e "$f" ] || plain=no; done
if [ ! -d "$directory" ]; then
	if [ -e "$directory" ] || [ -h "$directory" ]; then echo obstructed; else echo missing; fi
elif ! cd -- "$directory" 2>/dev/null; then
	echo closed
elif [ "$plain" = yes ] && [ "$(hash 2>/dev/null <"$state/manifest")" = "$names" ]; then
	listing=$(list sorted | gzip -c | base64)
	if expected "$(printf '%s' "$listing" | base64 -d | gzip -dc | hash)"; then
		echo same
	else
		echo recorded-same
		payload paths sorted
		printf 'listing\n%s\n.\n' "$listing"
	fi
else
	payload recorded recorded
	payload paths sorted
	payload listing list sorted
fi
if [ -d "$stage/tree" ] && cd -- "$stage/tree" 2>/dev/null; then
	payload staged held
fi
if [ -d "$stage/large" ] && cd -- "$stage/large" 2>/dev/null; then
	for f in *; do [ ! -f "$f" ] || echo "large $f"; done
fi
echo end
