# Makes a change, waits for its confirmation, then keeps it, else undoes it. The only one who does any of it; it outlives the session
# and the SSH server. Arguments: the trial's folder, the seconds for all of it, the trial's id, and the host's boot id.
#
# Confirmation and undo race for one rename, that of door/pending. The clock is the host's uptime, which nobody sets. What makes the change
# leaves the disk as it was, what keeps it writes there: a reboot in between ends in the old state.
d=$1
umask 077
: >"$d/said"
printf '%s %s %s\n' "$3" "$4" $$ >"$d/id.new" && mv "$d/id.new" "$d/id"
part() { /bin/sh "$d/$1" </dev/null >>"$d/said" 2>&1; }
uptime() { read -r up _ </proc/uptime; up=${up%.*}; }
uptime; end=$((up + $2))
trap '' HUP; trap 'end=0' TERM INT
{ part apply; echo $? >"$d/code"; mv "$d/code" "$d/applied"; } &
while [ -e "$d/door/pending" ]; do
	if [ -f "$d/applied" ]; then
		read -r code <"$d/applied"; [ "$code" = 0 ] || end=0
	fi
	uptime
	[ "$up" -lt "$end" ] || { mv "$d/door/pending" "$d/expired" 2>/dev/null; break; }
	sleep 0.1 2>/dev/null || sleep 1
done
trap '' TERM INT
code=1; if [ -f "$d/applied" ]; then read -r code <"$d/applied"; else kill -TERM 0; fi # it hangs
word=undone
if [ "$code" = 0 ] && [ ! -e "$d/expired" ] && [ -e "$d/door/confirmed" ]; then
	if part keep; then word=kept; else word=unkept; fi
fi
i=0
[ $word = kept ] || until part undo; do
	i=$((i+1)); [ $i -lt 5 ] || { word=stuck; break; }
	sleep 1
done
{ echo $word; tail -c 4000 "$d/said"; } >"$d/end.new"
chmod 644 "$d/end.new" && mv "$d/end.new" "$d/end"
