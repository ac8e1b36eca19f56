# Has the host make a change that is undone unless it is confirmed, and waits until it is made. Prints a word and what the change said:
# applied, failed, or busy where another trial is under way. Run twice with one id it begins once. Arguments: the trial's folder, its
# id, who may confirm it, the seconds for all of it, the runner's script, and those that apply, keep and undo the change.
d=$1 id=$2
boot=; [ -r /proc/sys/kernel/random/boot_id ] && read -r boot </proc/sys/kernel/random/boot_id
umask 077
mkdir -p -m 711 -- "${d%/*}" || exit 1
was=; [ -f "$d/id" ] && read -r was at pid <"$d/id"
if [ "$was" != "$id" ]; then
	if [ -d "$d" ] && [ ! -e "$d/end" ] && [ "$at" = "$boot" ]; then
		if kill -0 "$pid" && ! grep -q ') Z ' "/proc/$pid/stat"; then echo busy; exit 0; fi 2>/dev/null
		/bin/sh "$d/undo" >/dev/null 2>&1 # somebody killed the runner
	fi
	rm -rf -- "$d" && mkdir -m 711 -- "$d" && mkdir -- "$d/door" && : >"$d/door/pending" && chown -R -- "$3" "$d/door" || exit 1
	printf '%s %s 0\n' "$id" "$boot" >"$d/id" && printf '%s\n' "$5" >"$d/run" && printf '%s\n' "$6" >"$d/apply" && printf '%s\n' "$7" >"$d/keep" && printf '%s\n' "$8" >"$d/undo" || exit 1
	# systemd ends what a session leaves behind, and what sshd's service does. No other tool makes a new session but setsid.
	if ! { [ -d /run/systemd/system ] && systemd-run --unit="provision-trial-$$" /bin/sh "$d/run" "$d" "$4" "$id" "$boot"; } >/dev/null 2>&1; then
		if command -v setsid >/dev/null 2>&1; then l=setsid; else l=nohup; fi
		$l /bin/sh "$d/run" "$d" "$4" "$id" "$boot" </dev/null >/dev/null 2>&1 &
	fi
fi
i=0
until [ -e "$d/applied" ] || [ -e "$d/end" ] || [ $i -gt $(($4 * 5)) ]; do i=$((i+1)); sleep 0.2 2>/dev/null || sleep 1; done
code=1; [ -f "$d/applied" ] && read -r code <"$d/applied"
[ "$code" != 0 ] || { echo applied; exit 0; }
echo failed
tail -c 4000 "$d/said"
