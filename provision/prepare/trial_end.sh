# Confirms a trial or declines it, where it is still to be decided, and prints how it ended: kept, undone, unkept, stuck, with what
# the change said; nothing where there is none. Arguments: the trial's folder; confirmed or declined, or nothing to wait for the end;
# for how many seconds.
d=$1
[ -d "$d" ] || exit 0
i=0
if [ "$2" ]; then
	until [ "$2" = declined ] || [ -e "$d/applied" ] || [ -e "$d/end" ] || [ $i -gt 50 ]; do i=$((i+1)); sleep 0.1 2>/dev/null || sleep 1; done
	mv "$d/door/pending" "$d/door/$2" 2>/dev/null
fi
i=0
until [ -e "$d/end" ] || [ $i -gt $(($3 * 20)) ]; do i=$((i+1)); sleep 0.05 2>/dev/null || sleep 1; done
[ ! -e "$d/end" ] || cat "$d/end"
