# Gives the ports back to the previous container after the new one has failed in public, and then the names. Further arguments: the
# candidates' network; the failed container; the candidate's name, and the live one; whether the failed one holds its ports on the
# bridge and is on no other network.
internal=$1 failed=$2 candidate=$3 live=$4 warm=$5
begun=$(now)
if [ -n "$warm" ]; then
	leave bridge "$failed"
else
	# A container that shares the host's network gives up its ports only when it stops.
	failed=$(docker inspect --format '{{.Id}}' "$failed") || exit 1
	leave "$internal" "$failed"
	for n in $(docker inspect --format '{{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{end}}' "$failed"); do
		case $n in
		host) d update --restart no "$failed"; d kill "$failed" ;;
		*) leave "$n" "$failed" ;;
		esac
	done
	leave "$internal" "$previous"
fi
give_back
echo "out-of-reach $(($(now) - begun))"
lost=
has_back || { revive && echo "out-of-reach $(($(now) - begun))"; } || lost=yes
d update --restart no "$failed"
d update --restart "$policy" "$previous"
named "$failed" "$candidate" && named "$previous" "$live"
code=$?
[ -z "$lost" ] || exit 72
exit $code
