# Runs a script as root: its text, and secret where a password comes first on standard input.
LC_ALL=C; export LC_ALL; PATH=${PATH:-/usr/bin:/bin}:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin:/snap/bin
[ "$2" != secret ] || exec sudo -k -S -p '' -- /bin/sh -c "g=$$
$1" sh
exec sudo -n -- /bin/sh -c "g=$$
$1" sh
