entry=$(getent passwd "$user" 2>/dev/null || grep "^$user:" /etc/passwd) && {
	echo "account $entry"
	echo "account.groups $(id -Gn "$user")"
	home=$(printf %s "$entry" | cut -d : -f 6)
	for f in "$home" "$home/.ssh" "$home/.ssh/authorized_keys"; do
		s=$(stat -c '%U %a' "$f" 2>/dev/null) && echo "account.mode $s $f"
	done
	prefix account.key "$home/.ssh/authorized_keys"
}
prefix account.sudoers /etc/sudoers.d/90-provision
[ "$uid" != 0 ] || ! have sudo || sudo -n -l -U "$user" 2>/dev/null | sed -n 's/^ *\(([^)]*) .*\)/account.rule \1/p'
[ "$uid" != 0 ] || have sudo || echo "sudo.missing"
