# What scripts have in common that look at files. Names travel with a NUL behind each.
# digests: those of the regular files among the NUL-separated paths on standard input, a line each.
digests() { xargs -0 -r sh -c 'for f do [ -f "$f" ] && [ ! -h "$f" ] && printf "./%s\0" "$f"; done' sh | hashes; }
# hashes: the same of files alone. openssl knows what processors have for this, and takes a third to an eighth of the time, but
# it also takes its time to start: it is used where there are bytes enough.
hashes() {
	if [ "$bytes" -ge 1000000 ] && command -v openssl >/dev/null 2>&1; then
		xargs -0 -r openssl dgst -sha256 -r 2>/dev/null
	else
		xargs -0 -r sha256sum 2>/dev/null
	fi
}
# modes, targets: kinds and modes of the NUL-separated paths on standard input, and where those lead that are links.
modes() { xargs -0 -r stat -c '%f %n' -- 2>/dev/null; }
targets() {
	xargs -0 -r sh -c 'for f do
		[ -h "$f" ] && t=$(readlink -- "$f" && echo .) && printf "%s\0%s\0" "$f" "${t%??}"
	done' sh
}
# list COMMAND...: kinds and modes, hashes and link targets of the NUL-separated paths that COMMAND prints, in their order.
# Only regular files are read: a named pipe in the way would never end. Expects: bytes, about how many there are to hash.
list() {
	"$@" | modes
	echo =
	"$@" | digests
	echo =
	"$@" | targets
}
# contents NAMES: the same for the paths in a file, with fewer forks: which of them are regular files is taken from their modes
# where no path is odd, and links are only read where there should be any. Expects: odd, and links, how many there should be.
# BusyBox's xargs reads part of a file twice where commands that it runs share its input: it gets a pipe.
contents() {
	kinds=$(cat -- "$1" | modes)
	[ -z "$kinds" ] || printf '%s\n' "$kinds"
	echo =
	if [ "$odd" ]; then
		cat -- "$1" | digests
	else
		printf '%s\n' "$kinds" | sed -n 's|^8[0-9a-f]* |./|p' | tr '\n' '\0' | hashes
	fi
	echo =
	[ "$links" = 0 ] || cat -- "$1" | targets
}
hash() {
	h=$(sha256sum)
	printf '%s' "${h%% *}"
}
# expected HASH: is it one of those that are expected? Hosts spell odd names in more than one way.
expected() {
	case " $expected " in *" $1 "*) return 0 ;; esac
	return 1
}
