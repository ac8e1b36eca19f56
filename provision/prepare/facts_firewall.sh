# The firewalls that are active, which only root sees, and whose cloud it is.
if [ "$uid" = 0 ]; then
	prefix cloud /sys/class/dmi/id/sys_vendor
	if have ufw && ufw status 2>/dev/null | grep -q '^Status: active'; then
		echo "firewall ufw"
		sed -n 's/^DEFAULT_INPUT_POLICY="*\([A-Z]*\).*/firewall.policy \1/p' /etc/default/ufw
		sed -n 's/^### tuple ### /firewall.rule /p' /etc/ufw/user.rules
	elif have firewall-cmd && firewall-cmd --state >/dev/null 2>&1; then
		echo "firewall firewalld"
		z=$(firewall-cmd --get-active-zones | sed -n 's/^\([^ ]*\).*/\1/p' | grep -vx 'docker\|libvirt' | grep .) || z=$(firewall-cmd --get-default-zone)
		for z in $z; do
			firewall-cmd --zone="$z" --list-all | sed -n "s/^ *\(target\|services\|ports\): /firewall.now $z \1 /p"
			firewall-cmd --permanent --zone="$z" --list-all | sed -n "s/^ *\(services\|ports\): /firewall.later $z \1 /p"
		done
	elif have nft; then
		nft list chains 2>/dev/null | awk '$1 == "table" {t = $2 " " $3} $1 == "chain" {c = $2} /hook input/ && /type filter/ {print t, c}' |
			while read -r family table chain; do
				[ "$table" != provision ] || continue
				echo "firewall.chain $family $table $chain"
				nft -nn list chain "$family" "$table" "$chain" | sed 's/^[[:space:]]*//; s/^/firewall.rule /' | head -n 500
			done
	elif have iptables; then
		iptables -S INPUT 2>/dev/null | sed 's/^/firewall.iptables /' | head -n 500
	fi
	have nft && echo "firewall.nft" && nft -nn list table inet provision 2>/dev/null | sed 's/^/firewall.table /'
	prefix firewall.file /etc/provision/firewall.nft
fi
