# In front of every command: the nonce, who leads the process group (self, or sudo, which sets g), secret where one comes first
# on standard input, the seconds between SIGTERM and SIGKILL ('' for no lifeline), the directory ('' for the login's).
LC_ALL=C; export LC_ALL; unset CDPATH; PATH=${PATH:-/usr/bin:/bin}:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin:/snap/bin
[ "$2" = sudo ] || g=$$
printf '\001%s %s\n' "$1" "$g"
[ "$3" != secret ] || { x=; until [ "$x" = "$1" ]; do IFS= read -r x || exit 1; done; }
[ -z "$4" ] || {
exec 3<&0 </dev/null
( ( trap '' HUP INT TERM; while read -r _; do :; done; kill -0 $$ || exit 0; kill -TERM "-$g" || kill -TERM $$; sleep "$4"; kill -KILL "-$g" || kill -KILL $$ ) <&3 >/dev/null 2>&1 & )
exec 3<&-
}
[ -z "$5" ] || cd -- "$5" || exit 1
set --
