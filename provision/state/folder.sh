umask go-w
mkdir -p "$1" || exit
open=$(unsafe "$1") || exit 1
[ -z "$open" ] || { printf '%s\n' "$open" && exit 77; }
