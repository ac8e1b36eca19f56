# Moves the host's ports from one running container to another by moving their places on the bridge, and back if the second half
# fails. Further arguments: the candidates' network; the candidate's id, its restart policy, whether it publishes ports; whether
# the previous container is on the candidates' network.
#
# The candidate comes up after a reboot from before the first step on. Both leave the internal network before: when a container
# that is on it leaves the bridge, its ports move there instead of becoming free, and the way back must be no longer than the way
# there.
internal=$1 candidate=$2 restart=$3 takes=$4 inside=$5
d update --restart "$restart" "$candidate" || { say; exit 71; }
[ -z "$inside" ] || leave "$internal" "$previous"
leave "$internal" "$candidate"
try=0 begun=$(now)
while :; do
	let_go
	join bridge "$candidate" && echo "out-of-reach $(($(now) - begun))" && { [ -z "$takes" ] || holds "$candidate"; } && break
	leave bridge "$candidate"
	try=$((try + 1))
	[ $try -ge 2 ] || continue
	d update --restart no "$candidate"
	undo
done
