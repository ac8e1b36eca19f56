folder=$1 unit=$2 wanted=$3
# Prints the machine, what can start a program there once a day, what became of the timer's last run, and then what there is of it.
[ "$wanted" ] || [ -d "$folder" ] || exit 0
uname -m
if [ -d /run/systemd/system ] && { [ "$(id -u)" = 0 ] || sudo -n true; } 2>/dev/null; then
	echo systemd
elif command -v crontab >/dev/null; then
	echo cron
else
	echo none
fi
limited() { dd if="$1" bs=1024 count=64 2>/dev/null; }
[ ! -f "$folder/result.json" ] || limited "$folder/result.json" | tr '\n' ' '
echo
cd "$folder" 2>/dev/null || exit 0
sum=$(sha256sum renew 2>/dev/null) || :
echo "program ${sum%% *}"
limited settings.json
for f in "/etc/systemd/system/$unit.service" "/etc/systemd/system/$unit.timer"; do [ ! -f "$f" ] || limited "$f"; done
[ ! -e "/etc/systemd/system/timers.target.wants/$unit.timer" ] || echo enabled
crontab -l 2>/dev/null | while IFS= read -r line; do case $line in *" # $unit") printf '%s\n' "$line" ;; esac; done
