# Makes a staging folder ready: what a cut upload left and nobody wants goes, and folders that SFTP expects are made. It prints
# which blocks of the large files are there, by their hashes.
stage=$1
block=$2 # size, in bytes
large=$3 # names of the large files that are partly there
stale=$4 # how many of the paths behind are to go; the others are folders to make
shift 4
umask 077
stale() {
	for p do
		[ "$stale" -gt 0 ] || return 0
		printf '%s\0' "$p"
		stale=$((stale - 1))
	done
}
mkdir -p -- "$stage/tree" "$stage/large" && cd -- "$stage/tree" || exit
[ "$stale" -eq 0 ] || stale "$@" | xargs -0 -r rm -rf -- || exit
[ "$stale" -eq $# ] || { shift "$stale" && printf '%s\0' "$@" | xargs -0 -r mkdir -p --; } || exit
cd ../large || exit
for name in $large; do
	echo "large $name"
	n=0
	size=$(wc -c <"$name")
	while [ $((n * block)) -lt "$size" ]; do
		dd if="$name" bs="$block" skip="$n" count=1 2>/dev/null | sha256sum
		n=$((n + 1))
	done
done
