limit=$1 optional=$2
# Installs packages by apt-get, once whoever holds its locks has let go of them: the seconds to wait at most, packages that are
# installed where the index has them, then the packages. An installation that was interrupted is finished first.
shift 2
DEBIAN_FRONTEND=noninteractive; export DEBIAN_FRONTEND
# holder sets lock and pid where somebody holds one of the locks.
holder() {
	for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/lib/apt/lists/lock /var/cache/apt/archives/lock; do
		inode=$(stat -c %i "$lock" 2>/dev/null) || continue
		pid=$(sed -n "s/^[0-9]*: [A-Z]* *[A-Z]* *WRITE \([0-9]*\) [0-9a-f]*:[0-9a-f]*:$inode .*/\1/p" /proc/locks | head -n 1)
		[ -z "$pid" ] || return 0
	done
	return 1
}
waited=0
while holder; do
	if [ $waited -ge "$limit" ]; then
		echo "E: Could not get lock $lock. It is held by process $pid ($(cat "/proc/$pid/comm" 2>/dev/null))"
		exit 100
	fi
	[ $((waited % 10)) != 0 ] || echo "Waiting for cache lock: Could not get lock $lock. It is held by process $pid ($(cat "/proc/$pid/comm" 2>/dev/null))... ${waited}s/${limit}s"
	sleep 1
	waited=$((waited + 1))
done
if [ -n "$(dpkg --audit 2>/dev/null | head -n 1)" ]; then
	echo "+ dpkg --configure -a"
	dpkg --configure -a --force-confold || exit 1
fi
[ $# -gt 0 ] || exit 0
apt() { apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout="$limit" -o Acquire::Retries=2 -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20 "$@"; }
echo "+ apt-get update"
apt update || echo "apt-get update ended with status $?"
for p in $optional; do
	case $(apt-cache policy "$p" 2>/dev/null) in *'Candidate: (none)'* | '') ;; *) set -- "$p" "$@" ;; esac
done
echo "+ apt-get install $*"
apt install --no-install-recommends -o Dpkg::Options::=--force-confold "$@"
