# Listens on TCP ports for some seconds and gives each visitor a word, with whatever the host has for it; fails where it has nothing.
# The seconds, the word, the ports.
s=$1 w=$2
shift 2
have() { command -v "$1" >/dev/null 2>&1; }
if have python3; then
	exec python3 -c '
import select, socket, sys, time
end, word, all = time.monotonic() + float(sys.argv[1]), sys.argv[2].encode(), []
for port in sys.argv[3:]:
    for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        try:
            s = socket.socket(family)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            s.bind((address, int(port)))
            s.listen(8)
            all.append(s)
        except OSError: pass
while all and time.monotonic() < end:
    for s in select.select(all, [], [], max(0, end - time.monotonic()))[0]:
        c = s.accept()[0]
        c.sendall(word)
        c.close()
' "$s" "$w" "$@"
fi
if have perl && perl -MIO::Socket::INET -MIO::Select -e1 2>/dev/null; then
	exec perl -MIO::Socket::INET -MIO::Select -e '
my ($for, $word, @ports) = @ARGV;
my $end = time + $for;
my $all = IO::Select->new(grep { $_ } map { IO::Socket::INET->new(LocalPort => $_, Listen => 8, ReuseAddr => 1) } @ports);
while ($all->count && time < $end) {
	for my $s ($all->can_read(1)) { my $c = $s->accept or next; print $c $word; close $c; }
}' "$s" "$w" "$@"
fi
for n in nc ncat 'busybox nc' ''; do ! have ${n%% *} || break; done
[ "$n" ] || { echo "no python3, perl or nc" >&2; exit 1; }
for p do
	(
		t=$(($(date +%s) + s))
		while [ "$(date +%s)" -lt $t ]; do
			printf %s "$w" | $n -l -p "$p" 2>/dev/null || printf %s "$w" | $n -l "$p" 2>/dev/null || sleep 1
		done
	) </dev/null >/dev/null &
done
sleep "$s"
