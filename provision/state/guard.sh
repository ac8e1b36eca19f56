# unsafe PATH...: lists as ls -ldn does what on the way to these paths belongs to other users than root and this one, or may be
# written to by them, behind a line with this user's id. It prints nothing where there is none. Links are followed.
unsafe() (
	paths=$# links=0
	set -- "$@" /
	while [ "$paths" -gt 0 ]; do
		at= rest=$1/
		shift
		paths=$((paths - 1))
		while [ "$rest" ]; do
			name=${rest%%/*} rest=${rest#*/}
			case $name in
			'' | .) continue ;;
			..) at=${at%/*} && continue ;;
			esac
			if [ -h "$at/$name" ]; then
				links=$((links + 1))
				set -- "$@" "$at/$name"
				[ "$links" -le 40 ] || { echo "$at/$name: too many links" >&2 && exit 1; }
				target=$(readlink "$at/$name") || exit
				case $target in /*) at= ;; esac
				rest=$target/$rest
			elif [ -e "$at/$name" ]; then
				at=$at/$name
				set -- "$@" "$at"
			else
				break
			fi
		done
	done
	# Most often all is well, which one command tells.
	lines=0
	while read -r mode _ owner _ _ _ _ _ name; do
		case $mode in d????[!w]??[!w]* | d????????[tT]*) [ "$owner" = 0 ] || [ -O "$name" ] || break ;; *) break ;; esac
		lines=$((lines + 1))
	done <<END
$(ls -ldn "$@")
END
	[ "$lines" -ne $# ] || exit 0
	id=$(id) || exit
	id=${id#uid=}
	me=${id%%[!0-9]*}
	open=$(find "$@" -prune \( ! -user 0 ! -user "$me" -o -type d ! -perm -1000 \( -perm -020 -o -perm -002 \) \) -exec ls -ldn {} \;) || exit
	[ "$open" ] || exit 0
	user=${id#"$me("} group=${id#*" gid="}
	user=${user%%)*} group=${group%%[!0-9]*}
	# Many systems give each user a group of their own and make folders writable for it. Nobody else may be in it.
	case "$id " in "$me($user) gid=$group($user) "*) alone || group=none ;; *) group=none ;; esac
	bad=
	while read -r mode count owner of rest; do
		case $mode:$owner:$of in
		d????w??-?:"$me:$group" | d????w??-?:"0:$group" | d????w??-?.:"$me:$group" | d????w??-?.:"0:$group") ;;
		*) bad="$bad
$mode $count $owner $of $rest" ;;
		esac
	done <<END
$open
END
	[ -z "$bad" ] || printf '%s%s\n' "$me" "$bad"
)
# alone: is nobody but $user in the group with the number $group?
alone() {
	while IFS=: read -r _ _ number members; do
		[ "$number" != "$group" ] || [ -z "$members" ] || [ "$members" = "$user" ] || return
	done <<END
$(getent group "$group" 2>/dev/null || cat /etc/group)
END
	while IFS=: read -r name _ _ number _; do
		[ "$number" != "$group" ] || [ "$name" = "$user" ] || return
	done </etc/passwd
}
