unit=$1 mark=$2 service=$3 timer=$4
# Has systemd start the service when the timer says so. A unit of that name that is not ours stays.
cd /etc/systemd/system || exit
umask 022
for f in "$unit.service" "$unit.timer"; do
	[ -e "$f" ] || continue
	IFS= read -r first <"$f" || :
	[ "$first" = "$mark" ] || { echo "/etc/systemd/system/$f is there already, and is not ours" >&2 && exit 1; }
done
printf %s "$service" >".$unit.service" && mv -f ".$unit.service" "$unit.service" || exit
printf %s "$timer" >".$unit.timer" && mv -f ".$unit.timer" "$unit.timer" || exit
systemctl daemon-reload && systemctl enable --now "$unit.timer"
