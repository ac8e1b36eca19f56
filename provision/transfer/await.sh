# Waits for an upload; without one it leaves the host as it was. What is sent over SFTP is expected in the file bundle of the
# folder inbox, which is made ahead where the state folder is there.
directory=$1 state=$2 inside=$3 inbox=$4
LC_ALL=C
export LC_ALL
umask 077
made=
trap '[ -z "$made" ] || rm -rf -- "$inbox"' EXIT
trap 'exit 1' HUP INT TERM
# Others than the user can neither enter the folder nor read the file, which is there before anything is in it.
open_inbox() { mkdir -- "$inbox" && made=yes && : >"$inbox/bundle" && echo ready; }
if [ -d "$state" ]; then
	open_inbox 2>/dev/null
	for left in "$state"/incoming.*; do # by hosts that went down: what is older than a day
		[ "$left" = "$inbox" ] || [ ! -d "$left" ] || find "$left" -prune -mtime +0 -exec rm -rf -- {} +
	done
fi
read -r where upload count size || exit 0
fault() {
	echo "fault $1"
	exit 1
}
# BusyBox's tar applies the umask to the modes in the archive. Nobody else can enter the folder.
unpack() { gzip -dc | (umask 0 && tar -xpof -) || fault stage; }
stage=$state/upload
[ "$where" = state ] || stage=$directory/$inside
[ -d "$stage" ] || mkdir -p -- "$state" "$stage" || fault stage
cd -- "$stage" || fault stage
# All was sent, or is on its way: what is left of it is for this host to finish. To wait for it here saves the round trip
# of telling the other side, who would only say to go on.
waited=0
pause() {
	[ "$waited" -lt 6000 ] || fault stream
	waited=$((waited + 1))
	sleep 0.01 2>/dev/null || sleep 1
}
if [ "$size" -gt 0 ]; then
	[ -n "$made" ] || open_inbox || fault stage
	before=0
	while [ -s "$inbox/bundle" ] || pause; do
		now=$(wc -c <"$inbox/bundle")
		[ "$now" -lt "$size" ] || break
		[ "$now" -eq "$before" ] || waited=0 # a slow link, but a living one
		before=$now
		pause
	done
	unpack <"$inbox/bundle"
else
	unpack
fi
n=1
while [ "$n" -le "$count" ]; do
	status= # what is there without a line end is still being written
	if ! { read -r status <"arrived.$upload.$n"; } 2>/dev/null; then
		pause
		continue
	fi
	[ "$status" = 0 ] || fault stream
	n=$((n + 1))
done
. ./commit
