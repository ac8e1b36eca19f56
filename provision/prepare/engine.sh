user=$1
# Starts the engine, has it start with the host, waits until it answers, and lets the user talk to it.
if [ -d /run/systemd/system ]; then systemctl enable --now docker; else docker version >/dev/null 2>&1 || service docker start; fi || exit
i=0
until docker version >/dev/null 2>&1; do
	i=$((i + 1))
	[ $i -lt 60 ] || { docker version; tail -n 20 /var/log/docker.log 2>/dev/null || journalctl -u docker -n 20 --no-pager; exit 1; }
	sleep 0.5
done
[ -z "$user" ] || { getent group docker >/dev/null || groupadd --system docker; usermod -aG docker "$user"; }
