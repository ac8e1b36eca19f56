# Has ufw accept what no rule of its own names, as before.
iptables -P INPUT ACCEPT || exit 1
ip6tables -P INPUT ACCEPT || :
grep -q '^DEFAULT_INPUT_POLICY="*ACCEPT' /etc/default/ufw || ufw default allow incoming
