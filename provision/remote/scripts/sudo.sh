# Runs a script as root: its text, and secret where a password comes first on standard input.
LC_ALL=C; export LC_ALL; PATH=${PATH:-/usr/bin:/bin}:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin:/snap/bin
if [ "$2" = secret ]; then set -- "$1" -k -S -p ''; else set -- "$1" -n; fi
s="g=$$
$1"; shift
exec sudo "$@" -- /bin/sh -c "$s" sh
