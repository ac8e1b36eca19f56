# Prints what is on the host of the paths that the manifest names (packed) and those that were put there before, and
# what is staged. Where all is as expected that is one word. It ends with exit, and may stand in a function of a subshell.
directory=$1 state=$2 inside=$3
# SHA-256 of the manifest, and of the listing, in each way in which a host may print it.
names=$4 expected=$5
# The manifest itself, where it is short enough.
packed=$6 bytes=$7 links=$8 odd=$9
# What was put there before and is no longer wanted is to go; every file is to be read; hashes are to be kept.
shift 9
remove=$1 verify=$2 remember=$3
LC_ALL=C
export LC_ALL
echo 'transfer 1'
lacks() { command -v "$1" >/dev/null || echo "lacks $1"; }
for tool in find xargs stat sha256sum sort tar gzip base64 readlink sed grep; do lacks "$tool"; done
command -v setsid >/dev/null || lacks nohup # either lets a job outlive the link
# existing FOLDER: sets d to it, or to the folder above it that is there.
existing() {
	d=$1
	while [ ! -e "$d" ] && [ -n "$d" ]; do d=${d%/*}; done
	d=${d:-/}
}
# room: tells where files would be staged, and how much free room there is.
room() {
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
}
# untouched: is all as expected? What the manifest names is read as it is where it is what is wanted and nothing else. A fork
# costs a busy host a millisecond or two, so that this makes do with few.
# What was read stays in seen, so that no file is read twice; targets of links do not, because they have NULs.
untouched() {
	for f in "$state/manifest.next" "$state/upload" "$directory/$inside"; do [ ! -e "$f" ] || return; done
	[ -z "$remove" ] || [ ! -e "$state/manifest.kept" ] || return
	m=$state/manifest
	[ "$(hash 2>/dev/null <"$m")" = "$names" ] && cd -- "$directory" 2>/dev/null || return
	if remembers; then seen=$(cat -- "$m" | remembered); else seen=$(links=0 && contents "$m"); fi
	expected "$(seen | hash)"
}
seen() {
	printf '%s\n' "$seen"
	[ "$links" = 0 ] || cat -- "$m" | targets
}
recorded() { cat "$state/manifest" "$state/manifest.next" "$state/manifest.kept" 2>/dev/null; }
packed() { [ -z "$packed" ] || printf '%s' "$packed" | base64 -d | gzip -dc; }
known() {
	recorded
	packed
}
sorted() { known | sort -zu; }
# wanted: the names of what is to be read. What is there besides costs nothing, however large it is.
wanted() { if [ "$packed" ]; then packed; else recorded | sort -zu; fi; }
listed() {
	[ "$packed" ] || [ -z "$(recorded | tr -cd '\n\r\\')" ] || odd=odd
	sorted | modes
	echo =
	if remembers; then wanted | remembered | awk 'after; /^=$/ { after = 1 }'; else wanted | digests && echo =; fi
	sorted | targets
}
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
seen=
if untouched; then
	echo same
	echo end
	exit
fi
room
if [ ! -d "$directory" ]; then
	if [ -e "$directory" ] || [ -h "$directory" ]; then echo obstructed; else echo missing; fi
elif ! cd -- "$directory" 2>/dev/null; then
	echo closed
elif [ "$seen" ]; then
	echo recorded-same
	payload paths cat "$m"
	payload listing seen
else
	payload recorded recorded
	payload paths sorted
	payload listing listed
fi
if [ -d "$stage/tree" ] && cd -- "$stage/tree" 2>/dev/null; then
	payload staged held
fi
if [ -d "$stage/large" ] && cd -- "$stage/large" 2>/dev/null; then
	for f in *; do [ ! -f "$f" ] || echo "large $f"; done
fi
echo end
