prefix os /etc/os-release
for m in apt-get dnf yum zypper apk pacman; do
	have $m && echo "manager $m" && break
done
if [ -d /run/systemd/system ]; then echo "init systemd"; elif have service; then echo "init service"; fi
if [ -e /.dockerenv ] || [ -e /run/.containerenv ] || [ -e /run/systemd/container ]; then echo "container yes"; fi
while read -r name value unit; do
	case $name in MemTotal:) echo "memory $value" ;; SwapTotal:) echo "swap $value" ;; esac
done </proc/meminfo
[ ! -e /swapfile.provision ] || echo "swapfile $(($(wc -c </swapfile.provision) / 1024))"
set -- $(df -Pk /var | tail -n 1)
echo "free $4"
echo "arch $(uname -m)"
for d in chronyd systemd-timesyncd ntpd; do
	pgrep -x "$(printf %.15s $d)" >/dev/null 2>&1 && echo "clock $d" && break
done
if have dpkg-query; then
	for p in $packages; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] && echo "installed $p"
	done
	[ -z "$(dpkg --audit 2>/dev/null | head -n 1)" ] || echo "broken dpkg"
	[ "$(find /var/lib/apt/lists -name '*_Packages*' 2>/dev/null | head -n 1)" ] || echo "index none"
	prefix updates /etc/apt/apt.conf.d/20auto-upgrades
elif have rpm; then
	for p in $packages; do rpm -q "$p" >/dev/null 2>&1 && echo "installed $p"; done
	have systemctl && systemctl -q is-enabled dnf-automatic-install.timer 2>/dev/null && echo "updates dnf-automatic-install.timer"
fi
