mark=$1 first=$2 text=$3
# Runs sections, each given by its name and its script, and prints for each what it has to say, then its exit status and errors.
# The first takes the longest and runs beside the others, which wait for it in a pipe.
shift 3
section() {
	echo "$mark $1"
	{ e=$(eval "$2" 2>&1 >&3 3>&- </dev/null) && code=0 || code=$?; } 3>&1
	printf '\n%s end %s\n%s\n' "$mark" "$code" "$e"
}
{
	while [ $# -gt 0 ]; do
		section "$1" "$2"
		shift 2
	done
	echo "$mark done"
} | {
	section "$first" "$text"
	cat
}
