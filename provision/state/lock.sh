site=$1 dir=$2 token=$3 session=$4 owner=$5 expiry=$6 seen=$7
# Takes the lock and holds it while lines arrive on standard input, one a heartbeat, and gives it back when the input ends. A line
# that is a record goes into the history. After the line "forget" the folder goes with the lock, out of the way of whoever comes
# next before it is removed. A lock that still reads as in $seen is taken from its holder, whatever the clocks say.
#
# The lock is a hard link, so that it appears whole or not at all: first line the time of the last heartbeat by the host's clock,
# second line the owner. A run whose link was cut takes its own lock again, in a new session, and the old one must not give back
# what is no longer its own.
safe() {
	open=$(unsafe "$site" "$dir") || exit 1
	[ -z "$open" ] || { printf '%s\n' "$open" && exit 77; }
}
safe
if [ ! -d "$dir" ]; then
	umask go-w
	mkdir -p "${dir%/*}" && umask 077 && mkdir -p "$dir" || exit 1
	safe # somebody else may have made it, in a folder that everybody may write to
fi
umask 077
# The jobs of a user who needs sudo for docker are root's; that there are some, the user is to see.
mkdir -p "$dir/jobs" && cd "$dir" || exit 1
mine=lock.$token.$session
write() { { date +%s && printf '%s\n' "$owner"; } >"$mine"; }
ours() { grep -qF "\"$token\",\"session\":$session," lock 2>/dev/null; }
take() { write && ln "$mine" lock 2>/dev/null; }
stale() {
	[ -f "$1" ] || return
	[ -z "$seen" ] || [ "$(head -c 32768 "$1" | tr -d '\000')" != "$seen" ] || return 0
	last=
	read -r last <"$1"
	number "$last" # 0 where a power failure cut it short
	[ $(($(date +%s) - n)) -gt "$expiry" ]
}
if odd; then
	rmdir lock 2>/dev/null
	! odd || exit 78
fi
# Read-only, out of inodes, or full, which leaves an empty file; whoever has just taken the lock removes it.
why=$(write 2>&1) && { [ -s "$mine" ] || [ ! -f "$mine" ]; } || {
	rm -f "$mine"
	# A full disk is an I/O error to some shells, and no word to others.
	printf '%s\n' "$why" >&2
	case $why in '' | *'I/O error'* | *'No space'*) echo "the disk that holds $dir is full, or fails" >&2 ;; esac
	exit 1
}
if grep -qF "\"$token\"" lock 2>/dev/null; then
	write && mv -f "$mine" lock
elif ! take && stale lock && mv lock "$mine.old" 2>/dev/null; then
	# Another run may have been faster and the lock taken away may be its fresh one: then it goes back.
	stale "$mine.old" || ln "$mine.old" lock
	rm -f "$mine.old"
	take
fi
ours && rm -f lock.*
# Asked twice: one that was about to put our lock back may have found no file to put.
if ! ours; then
	rm -f "$mine"
	n=0
	while [ ! -f lock ] && [ $n -lt 10 ]; do n=$((n + 1)) && { sleep 0.05 2>/dev/null || sleep 1; }; done
	show 2>/dev/null
	exit 75
fi
turn=
[ ! -f turn ] || read -r turn <turn
number "$turn"
[ "$session" -gt 1 ] || { n=$((n + 1)) && echo "$n" >turn; }
echo "locked $n"
forget=
while IFS= read -r line; do
	ours || exit 76
	case $line in
	{*) append "$line" ;;
	forget) forget=yes ;;
	*) write && mv -f "$mine" lock ;;
	esac
done
ours || exit 0
if [ "$forget" ] && mv "$dir" "$dir.$token"; then cd / && rm -rf "$dir.$token"; else rm -f lock; fi
