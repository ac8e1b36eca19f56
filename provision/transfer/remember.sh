# The hashes that a host keeps of files, so that it need not read again what is as it was. The file hashes in the state folder has
# lines "HASH MODE DEVICE INODE SIZE MTIME CTIME DATE TIME ZONE NAME", all but the hash as stat prints them; the date is the ctime once
# more, to the nanosecond. Whoever changes a file can set its mtime back, but not its ctime, which is the kernel's.
# Expects the site's folder as the current one, and: state, odd, verify, remember.

# remembers: can hashes be kept? Names with line ends and what some tools escape are left to those who read.
remembers() {
	[ -z "$odd" ] && command -v awk >/dev/null || return
	TZ=UTC0
	export TZ
	case $(stat -c '%Y %Z %z' -- / 2>/dev/null) in *[!0-9.:+\ -]*) ;; [1-9]*' '[1-9]*' '????-*:*' '?0000) return 0 ;; esac
	return 1
}
# remembered: the same as contents, but for links, of the NUL-separated paths on standard input.
remembered() {
	kinds=$(xargs -0 -r stat -c '%f %d %i %s %Y %Z %z %n' -- 2>/dev/null)
	fresh= began= device=
	listing=$(joined look)
	case $listing in "? "* | *"
? "*)
		began=$(date +%s)
		fresh=$(printf '%s\n' "$listing" | sed -n 's|^? |./|p' | tr '\n' '\0' | hashes)
		listing=$(joined all)
		[ -z "$remember" ] || keep
		;;
	esac
	printf '%s\n=\n' "$listing"
}
# kept: what is in the file. It is data, and no more of it is read than is ever written.
kept() { [ "$verify" ] || [ -h "$state/hashes" ] || [ ! -f "$state/hashes" ] || head -c 67108864 "$state/hashes"; }
# joined STEP: kinds and hashes of what stat has told of in $kinds, by what has been read by now and what is kept. The step is look,
# for which an unknown hash is "? NAME"; all, which leaves it out; or keep, the lines to keep: a file that was changed less than two
# seconds before it was read may change again without its ctime telling.
joined() {
	{
		printf '%s\n=\n%s\n=\n' "$kinds" "$fresh"
		kept
	} | awk -v step="$1" -v began="$began" -v device="$device" '
		$0 == "=" { part++; next }
		$0 == "" { next }
		!part {
			file[++n] = $0
			mode[n] = $1
			name[n] = substr($0, length($1 $2 $3 $4 $5 $6 $7 $8 $9) + 10)
			if ($2 $3 $4 $5 $6 !~ /[^0-9]/) settled[$0] = $2 "" == device "" && $6 + 2 <= began
			next
		}
		part == 1 { fresh[substr($0, 69)] = substr($0, 1, 64); next }
		substr($0, 66) in settled && substr($0, 1, 65) !~ /[^0-9a-f]./ { kept[substr($0, 66)] = substr($0, 1, 64) }
		END {
			if (step != "keep") {
				for (i = 1; i <= n; i++) print mode[i] " " name[i]
				print "="
			}
			for (i = 1; i <= n; i++) {
				f = file[i]
				if (mode[i] !~ /^8/) continue
				if (name[i] in fresh) hash = fresh[name[i]]
				else if (f in kept) hash = kept[f]
				else {
					if (step == "look") print "? " name[i]
					continue
				}
				if (step != "keep") print hash "  ./" name[i]
				else if (f in kept || settled[f]) print hash " " f
			}
		}'
}
# keep: writes the file anew, where the file system has a ctime that is worth trusting: ext, xfs, btrfs, tmpfs, overlay, zfs, f2fs and
# bcachefs do, those of other systems, of networks and in user space may not.
keep() {
	device=$(stat -c %d -- . 2>/dev/null)
	case $(stat -f -c %t -- . 2>/dev/null) in
	ef53 | 58465342 | 9123683e | 1021994 | 794c7630 | 2fc12fc1 | f2f52010 | ca451a4e) ;;
	*) return ;;
	esac
	[ -d "$state" ] && [ ! -d "$state/hashes" ] || return
	rm -f -- "$state"/hashes.[0-9]*
	(umask 077 && set -C && joined keep >"$state/hashes.$$") 2>/dev/null && [ -s "$state/hashes.$$" ] && mv -f -- "$state/hashes.$$" "$state/hashes"
	rm -f -- "$state/hashes.$$"
}
