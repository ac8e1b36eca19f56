# Waits for an upload; without one it ends and has touched nothing. Expects: directory state inside.
umask 077
read -r where upload count || exit 0
stage=$state/upload
[ "$where" = state ] || stage=$directory/$inside
mkdir -p -- "$state" "$stage" && cd -- "$stage" && gzip -dc | tar -xpof - || {
	echo 'fault stage'
	exit 1
}
# All streams were sent before this was: what is left of them is for this host to finish. To wait for them here saves the
# round trip of telling the other side, who would only say to go on.
waited=0
n=1
while [ "$n" -le "$count" ]; do
	if [ ! -s "arrived.$upload.$n" ]; then
		[ "$waited" -lt 6000 ] || break
		waited=$((waited + 1))
		sleep 0.01 2>/dev/null || sleep 1
		continue
	fi
	[ "$(cat "arrived.$upload.$n")" = 0 ] || break
	n=$((n + 1))
done
if [ "$n" -le "$count" ]; then
	echo 'fault stream'
	exit 1
fi
sh ./commit
