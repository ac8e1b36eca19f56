# Connects its input and output to an address, by what is there, and prints a line before. Arguments: the address and the port;
# without them it looks whether anything is there that can.
if command -v bash >/dev/null; then
	[ $# -gt 0 ] || exit 0
	exec bash -c 'exec 3<>"/dev/tcp/$1/$2" 4<&0 || exit; echo connected; cat <&4 >&3 & cat <&3; kill $!' bash "$@"
fi
command -v nc >/dev/null || exit 69
[ $# -gt 0 ] || exit 0
echo connected
exec nc "$@"
