# Prints one line a job, its ID, state and exit status, of those in a folder.
for d in "$1"/*/; do
	d=${d%/}; [ -d "$d" ] || continue
	s=; if [ -f "$d/status" ]; then read -r s <"$d/status"; state=ended; elif alive; then state=running; else state=gone; fi
	printf '%s %s %s\n' "${d##*/}" $state "$s"
done
