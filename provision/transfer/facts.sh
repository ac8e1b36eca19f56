# Prints what is on the host of the paths that the manifest names (packed) and those that were put there before, and
# what is staged. Where all is as expected that is one word. Expects: directory state inside expected names packed.
echo 'transfer 1'
for tool in find xargs stat sha256sum sort tar gzip base64 readlink; do
	command -v "$tool" >/dev/null || echo "lacks $tool"
done
# existing FOLDER: sets d to it, or to the folder above it that is there.
existing() {
	d=$1
	while [ ! -e "$d" ] && [ -n "$d" ]; do d=${d%/*}; done
	d=${d:-/}
}
existing "$directory"
site=$d
existing "$state"
stage=$state/upload
# Files can only be renamed within one file system.
set -- $(stat -L -c %d -- "$site" "$d")
if [ "$1" != "$2" ]; then
	stage=$directory/$inside
	echo inside
fi
existing "$stage"
df -Pk -- "$d" | (read -r _ && read -r _ _ _ free _ && echo "free $free")
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
	# It names what is wanted and nothing else, in order: it is read as it is. A fork costs a busy host a millisecond or two.
	if expected "$(list cat "$state/manifest" | hash)"; then
		echo same
	else
		echo recorded-same
		payload paths sorted
		payload listing list sorted
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
