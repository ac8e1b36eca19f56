# Streams a job's output, tells on standard error how it ended, and removes the folder once the client knows: the folder, the
# nonce, the byte to begin at, and for a job that is to be started the folder of all jobs, its script and the runner's.
d=$1; n=$2; from=$3
exec 3<&0 </dev/null
if [ -n "$6" ]; then
	( umask 077; mkdir -p -- "$4" ) || exit 1
	if ( umask 077; mkdir -- "$d" ) 2>/dev/null; then
		( umask 077; printf '%s\n' "$5" >"$d/script" && : >"$d/output" ) || { rm -rf -- "$d"; exit 1; }
		if command -v setsid >/dev/null 2>&1; then l=setsid; else l=nohup; fi
		$l /bin/sh -c "$6" sh </dev/null >"$d/output" 2>&1 3>&- &
	fi
fi
say() { printf '\001%s %s\n' "$n" "$*" >&2; }
[ -d "$d" ] || { say absent; exit 0; }
say attached
( read -r a; if [ "$a" = done ]; then rm -rf -- "$d"; else kill $$; fi ) <&3 >/dev/null 2>&1 &
w=$!
i=0
until [ -f "$d/output" ] && [ -f "$d/pid" ]; do
	i=$((i+1)); [ $i -gt 50 ] && { say gone 0; wait $w; exit 0; }
	sleep 0.1 2>/dev/null || sleep 1
done
exec 4<"$d/output"
[ "$from" = 0 ] || dd bs=1 skip="$from" count=0 <&4 2>/dev/null
follow=; case $(tail --version 2>/dev/null) in *"GNU coreutils"*) follow=yes;; esac
t=; trap '[ -z "$t" ] || kill "$t"; exit' TERM
i=0
while :; do
	end=
	if [ -f "$d/status" ]; then end=ended
	elif ! alive; then end=gone; [ -f "$d/status" ] && end=ended; fi
	[ -n "$end" ] && total=$(($(wc -c <"$d/output")))
	cat <&4
	[ -n "$end" ] && break
	[ -n "$follow" ] && {
		tail -f --pid="$pid" -s 0.01 -c +1 <&4 2>/dev/null & t=$!
		( while kill -0 $t; do alive || { kill $t; break; }; sleep 1; done ) </dev/null >/dev/null 2>&1 3<&- 4<&- & z=$!
		wait "$t" || follow=
		kill "$z" 2>/dev/null; t=
		[ -n "$follow" ] && continue
	}
	i=$((i+1)); if [ $i -lt 100 ]; then sleep 0.02; elif [ $i -lt 200 ]; then sleep 0.05; else sleep 0.2; fi 2>/dev/null || sleep 1
done
s=; [ $end = ended ] && read -r s <"$d/status"
say $end $total $s
wait $w
exit 0
