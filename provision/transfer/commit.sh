# Puts what is staged in place, or leaves everything as it was. Beside it lie its actions: the files prepare, guard, forward
# and back, which list what to do with which names. A fork costs more than anything else here: see listing.sh.
directory=$1 state=$2 stage=$3
expected=$4 # SHA-256 of the listing of what is staged, in each way in which a host may print it
bytes=$5    # of content that is staged
length=$6   # of the names of what is staged, folders aside
links=$7 odd=$8
LC_ALL=C
export LC_ALL
umask 077
old=$stage/old
tree=$stage/tree
fault() {
	echo "fault $1"
	exit 1
}
# actions FILE: does what the file lists, up to the first action that fails. A file that was cut has no end.
actions() {
	failed=
	ended=
	. "$stage/$1"
	[ "$ended" ] && [ ! "$failed" ]
}
act() { [ "$failed" ] || "$@" || [ "$undoing" ] || failed=yes; }
end() { ended=yes; }
undoing= # then what fails does not stop the rest
# away FOLDER NAME...: moves what is in the way, or no longer wanted, out of the site's folder.
away() {
	p=$1
	shift
	cd -- "$directory/$p" && mv -f -- "$@" "$old/$p/"
}
# keep FOLDER NAME...: remembers files that are about to be replaced, by a second name if the file system has such.
keep() {
	p=$1
	shift
	cd -- "$directory/$p" || return
	ln -- "$@" "$old/$p/" 2>/dev/null || for n do
		rm -f -- "$old/$p/$n" && cp -p -- "$n" "$old/$p/" || return
	done
}
# keep_links FOLDER NAME...: the same for symbolic links.
keep_links() {
	p=$1
	shift
	cd -- "$directory/$p" && cp -PR -- "$@" "$old/$p/"
}
# place FOLDER NAME...: renames what is staged into the site's folder. One mv takes all that is new in one folder.
place() {
	p=$1
	shift
	cd -- "$tree/$p" && mv -f -- "$@" "$directory/$p/"
}
# unplace FOLDER NAME...: takes back what was not there before.
unplace() {
	p=$1
	shift
	for n do
		[ -e "$tree/$p/$n" ] || [ -h "$tree/$p/$n" ] || mv -f -- "$directory/$p/$n" "$tree/$p/"
	done
}
# restore FOLDER NAME...: puts back what keep, keep_links and away have.
restore() {
	p=$1
	shift
	for n do
		if [ -e "$old/$p/$n" ] || [ -h "$old/$p/$n" ]; then mv -f -- "$old/$p/$n" "$directory/$p/"; fi
	done
}
# drop FOLDER...: removes folders that are empty by now; what a stranger put there stays.
drop() {
	cd -- "$directory" && for d do rmdir -- "$d" 2>/dev/null; done
	:
}
# drop_all FOLDER...: removes folders whose place is needed.
drop_all() {
	cd -- "$directory" && for d do rmdir -- "$d" || return; done
}
# undrop MODE FOLDER...: makes them again.
undrop() {
	m=$1
	shift
	cd -- "$directory" && for d do [ -d "$d" ] || { mkdir -- "$d" && chmod -- "$m" "$d"; }; done
}
# mode MODE NAME...: of what is in the site's folder.
mode() {
	m=$1
	shift
	cd -- "$directory" && chmod -- "$m" "$@"
}
# staged_mode MODE NAME...: of what is staged.
staged_mode() {
	m=$1
	shift
	cd -- "$tree" && chmod -- "$m" "$@"
}
# folders FOLDER...: makes them beside the script.
folders() { cd -- "$stage" && mkdir -p -- "$@"; }
# writable FOLDER...: asks before anything is touched.
writable() {
	for p do
		[ -w "$directory/$p" ] && [ -x "$directory/$p" ] && continue
		printf '%s\n' "$directory/$p" >&2
		return 1
	done
}
# large COMMAND NAME PATH MODE TIME: moves or copies a large file, once it is whole, into the staged tree.
large() {
	cd -- "$tree" && "$1" -f -- "../large/$2" "./$3" && chmod -- "$4" "./$3" && touch -c -d "@$5" -- "./$3"
}
# link TARGET PATH
link() { cd -- "$tree" && ln -sf -- "$1" "./$2"; }
held() {
	cd -- "$tree" || return
	find . ! -name . -print0 | sort -z
	printf '\0'
	list eval 'find . ! -name . -print0 | sort -z'
}
for p in prepare guard forward back; do [ -r "$stage/$p" ] || fault stage; done
[ ! -e "$old" ] || rm -rf -- "$old"
[ -d "$tree" ] || mkdir -p -- "$tree" || fault stage
if [ ! -d "$directory" ]; then
	(umask 022 && mkdir -p -- "$directory") || fault directory
fi
cd -- "$directory" || fault directory
actions prepare || fault stage
cd -- "$tree" || fault stage
# Nothing else is staged if all names are there and together are as long as they should be.
if [ "$(find . ! -type d -print0 | wc -c)" -ne "$length" ] || ! expected "$(contents "$stage/names" | hash)"; then
	echo 'fault verify'
	held | gzip -c | base64
	echo .
	exit 1
fi
actions guard || fault denied
# From here on the link may die without anything being left half done.
trap '' HUP INT TERM PIPE
if [ -e "$stage/manifest" ]; then mv -f -- "$stage/manifest" "$state/manifest.next" || fault stage; fi
if ! actions forward; then
	undoing=yes
	actions back
	rm -f -- "$state/manifest.next"
	fault place
fi
if [ -e "$stage/kept" ]; then
	mv -f -- "$stage/kept" "$state/manifest.kept"
elif [ -e "$state/manifest.kept" ]; then
	rm -f -- "$state/manifest.kept"
fi
if [ -e "$state/manifest.next" ]; then mv -f -- "$state/manifest.next" "$state/manifest" || fault stage; fi
cd / && rm -rf -- "$stage" ${made:+"$inbox"}
made=
echo done
