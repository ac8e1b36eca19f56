# Shared by the scripts of a job, whose folder is $d. A zombie has ended: process 1 of a container may not reap.
boot=; [ -r /proc/sys/kernel/random/boot_id ] && read -r boot </proc/sys/kernel/random/boot_id
look() { # sets state and since, when the process started
	state=; since=0
	[ -r "/proc/$1/stat" ] && read -r l <"/proc/$1/stat" || return 0
	set -- ${l##*) }; state=$1; since=${20}
} 2>/dev/null
alive() {
	[ ! -f "$d/status" ] && [ -f "$d/pid" ] && read -r pid start at <"$d/pid" || return 1
	[ "$at" = "$boot" ] && kill -0 "$pid" 2>/dev/null || return 1
	look "$pid"; [ "$since" = "$start" ] && [ "$state" != Z ] && [ "$state" != X ]
}
