# Prints who listens on the host and, for a rootless engine, from which port on it may publish: its rootlesskit listens for
# it, and may have the capability to bind to any (CAP_NET_BIND_SERVICE, bit 10). Argument: whether the engine is rootless.
ss -ltnpH 2>/dev/null || netstat -ltn 2>/dev/null || :
[ "$1" ] || exit 0
from=$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start) || exit 0 # read takes it byte by byte, which such a file does not bear
for p in /proc/[0-9]*; do
	read -r name <"$p/comm" && [ "$name" = rootlesskit ] || continue
	while read -r name value; do
		case $name$value in CapEff:*[4567cdef]??) from=0 ;; esac
	done <"$p/status"
done 2>/dev/null
echo "from $from"
