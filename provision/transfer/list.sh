# digests: those of the NUL-separated files ./NAME on standard input, as sha256sum prints them for NAME. Where there is
# openssl it is used: it knows what processors have for this, and takes a third to an eighth of the time.
digests() {
	if command -v openssl >/dev/null 2>&1; then
		xargs -0 -r openssl dgst -sha256 -r 2>/dev/null
	else
		xargs -0 -r sha256sum 2>/dev/null
	fi | sed 's,^\(\\\{0\,1\}[0-9a-f]\{64\}\) [ *]\./,\1  ,'
}
# list COMMAND...: kinds and modes, hashes and link targets of the NUL-separated paths that COMMAND prints, in their order.
# Only regular files are read: a named pipe in the way would never end.
list() {
	"$@" | xargs -0 -r stat -c '%f %n' -- 2>/dev/null
	echo =
	"$@" | xargs -0 -r sh -c 'for f do [ -f "$f" ] && [ ! -h "$f" ] && printf "./%s\0" "$f"; done' sh | digests
	echo =
	"$@" | xargs -0 -r sh -c 'for f do
		[ -h "$f" ] && t=$(readlink "$f" && echo .) && printf "%s\0%s\0" "$f" "${t%??}"
	done' sh
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
