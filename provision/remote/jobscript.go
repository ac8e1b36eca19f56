package remote

import (
	"fmt"
	"strings"

	"github.com/kehuo/provision/provision/shell"
)

// The folder of a job on the host, StateDir/jobs/ID, mode 0700, holds
//
//	script   what runs
//	pid      process id of the runner, which leads a process group; its start time and the host's boot id, so that a
//	         process that happens to have the same number later is not taken for it
//	output   both streams, in the order written
//	status   the exit status; it appears whole, at the end
//
// Making the folder is the atomic step that decides who starts the job.

// jobTools are shell functions that the scripts share. $d is the folder.
const jobTools = `boot=; [ -r /proc/sys/kernel/random/boot_id ] && read -r boot </proc/sys/kernel/random/boot_id
since() { [ -r "/proc/$1/stat" ] || { echo 0; return; }; read -r l <"/proc/$1/stat" || { echo 0; return; }; set -- ${l##*) }; echo "${20}"; }
alive() {
	[ -f "$d/pid" ] || return 1
	read -r pid start at <"$d/pid" || return 1
	[ "$at" = "$boot" ] && kill -0 "$pid" 2>/dev/null && [ "$(since "$pid")" = "$start" ]
}
`

// jobRunner is the process that outlives the session. It notes who it is before the script begins and how the script ended
// afterwards, each by a rename.
const jobRunner = jobTools + `d=$1; mask=$2
printf '%s %s %s\n' $$ "$(since $$)" "$boot" >"$d/pid.new" && mv "$d/pid.new" "$d/pid" || exit 1
trap '' HUP
(umask "$mask"; exec /bin/sh "$d/script")
printf '%s\n' $? >"$d/status.new" && mv "$d/status.new" "$d/status"`

// startScript starts the job unless its folder is there already.
func startScript(j Job) string {
	var b strings.Builder
	fmt.Fprintf(&b, "mask=$(umask); umask 077; mkdir -p -- %s || exit 1\n", shell.Quote(j.StateDir+"/jobs"))
	b.WriteString("if mkdir -- \"$d\" 2>/dev/null; then\n")
	fmt.Fprintf(&b, "printf '%%s\\n' %s >\"$d/script\" && : >\"$d/output\" || { rm -rf -- \"$d\"; exit 1; }\n", shell.Quote(string(j.Script)))
	b.WriteString("r=" + shell.Quote(jobRunner) + "\n")
	b.WriteString(`if command -v setsid >/dev/null 2>&1; then l=setsid; else l=nohup; fi
$l /bin/sh -c "$r" sh "$d" "$mask" </dev/null >"$d/output" 2>&1 3>&- &
fi
umask "$mask"
`)
	return b.String()
}

// followScript streams the job's output from a byte on, tells on standard error how it ended, and removes the folder once
// the client has said that it knows. A client that hangs up ends the streaming and nothing else.
//
// One file descriptor stays open on the output, so that each reader goes on where the one before stopped. The status is
// looked for, and the length, before the last cat, so that nothing written before the end is missed. In between GNU's tail
// follows until the runner has ended; it looks a hundred times a second, which costs next to nothing. Other tails cannot do
// that, or open the file anew and do not move the descriptor: there cat and sleep do the same by turns, at the price of two
// processes each time.
func followScript(j Job, nonce string, offset int64, start bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "exec 3<&0 </dev/null; d=%s; n=%s\n", shell.Quote(j.folder()), nonce)
	b.WriteString(jobTools)
	if start {
		b.WriteString(startScript(j))
	}
	b.WriteString(`say() { printf '\001%s %s\n' "$n" "$*" >&2; }
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
`)
	if offset > 0 {
		fmt.Fprintf(&b, "dd bs=1 skip=%d count=0 <&4 2>/dev/null\n", offset)
	}
	b.WriteString(`follow=; case $(tail --version 2>/dev/null) in *"GNU coreutils"*) follow=yes;; esac
t=; trap '[ -z "$t" ] || kill "$t"; exit' TERM
i=0
while :; do
	end=
	if [ -f "$d/status" ]; then end=ended
	elif ! alive; then end=gone; [ -f "$d/status" ] && end=ended; fi
	[ -n "$end" ] && total=$(($(wc -c <"$d/output")))
	cat <&4
	[ -n "$end" ] && break
	[ -n "$follow" ] && { tail -f --pid="$pid" -s 0.01 -c +1 <&4 2>/dev/null & t=$!; wait "$t" && continue; follow=; }
	i=$((i+1)); if [ $i -lt 100 ]; then sleep 0.02; elif [ $i -lt 200 ]; then sleep 0.05; else sleep 0.2; fi 2>/dev/null || sleep 1
done
s=; [ $end = ended ] && read -r s <"$d/status"
say $end $total $s
wait $w
exit 0
`)
	return b.String()
}

// killJobScript ends the job's process group and removes the folder.
func killJobScript(j Job) string {
	return fmt.Sprintf("d=%s\n", shell.Quote(j.folder())) + jobTools + `if alive; then
	kill -TERM "-$pid" 2>/dev/null || kill -TERM "$pid"
	i=0; while kill -0 "-$pid" 2>/dev/null && [ $i -lt 50 ]; do i=$((i+1)); sleep 0.1 2>/dev/null || sleep 1; done
	kill -KILL "-$pid" 2>/dev/null
fi
rm -rf -- "$d"
`
}

// listJobsScript prints one line a job: ID, state, exit status.
func listJobsScript(stateDir string) string {
	return jobTools + fmt.Sprintf("for d in %s/*/; do d=${d%%/}\n", shell.Quote(stateDir+"/jobs")) + `[ -d "$d" ] || continue
s=; if [ -f "$d/status" ]; then read -r s <"$d/status"; state=ended; elif alive; then state=running; else state=gone; fi
printf '%s %s %s\n' "${d##*/}" $state "$s"
done
`
}
