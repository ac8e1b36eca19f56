# Opens TCP ports, now and after a reboot: which firewall, the ports, then the zones, or the chains (family, table, name) of rules by
# hand. Prints "lost" where such a rule will not come back after a reboot.
kind=$1 ports=$2
shift 2
case $kind in
ufw)
	for p in $ports; do ufw allow "$p/tcp" >&2 || exit 1; done ;;
firewalld)
	o=; for p in $ports; do o="$o --add-port=$p/tcp"; done
	for z do
		firewall-cmd --quiet --zone="$z" $o && firewall-cmd --quiet --permanent --zone="$z" $o || exit 1
	done ;;
*)
	for c do
		for p in $ports; do
			case $c in
			'ip filter INPUT') i=iptables f=rules.v4 ;;
			'ip6 filter INPUT') i=ip6tables f=rules.v6 ;;
			*) i='' f='' ;;
			esac
			if [ "$i" ]; then
				$i -I INPUT -p tcp --dport "$p" -j ACCEPT || exit 1
				for f in "/etc/iptables/$f" "/etc/sysconfig/$i" lost; do [ ! -f "$f" ] || break; done
				[ "$f" != lost ] || { echo lost; continue; }
				cp -p -- "$f" "$f.new" && awk -v r="-A INPUT -p tcp -m tcp --dport $p -j ACCEPT" '
					/^\*/ {t = $0} t == "*filter" && !d && (/^-A/ || /^COMMIT/) {print r; d = 1} {print}' "$f" >"$f.new" && $i-restore --test "$f.new" && mv -f -- "$f.new" "$f" || exit 1
			else
				r="insert rule $c tcp dport $p accept"
				nft "$r" || exit 1
				f=/etc/nftables.conf
				[ -f $f ] || f=/etc/sysconfig/nftables.conf
				{ [ -f $f ] && cp -p -- $f $f.new && echo "$r" >>$f.new && nft -c -f $f.new && mv -f -- $f.new $f; } >&2 || { rm -f -- $f.new; echo lost; }
			fi
		done
	done ;;
esac
