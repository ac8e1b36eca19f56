unit=$1 line=$2
# Has cron run a line of the user's crontab, or no longer where it is empty. Other lines stay: where they cannot be read, nothing is done.
lines=$(LC_ALL=C crontab -l 2>&1) || case $lines in
*'no crontab'* | *'No such file'*) lines= ;;
*) printf '%s\n' "$lines" >&2 && exit 1 ;;
esac
kept=$(printf '%s\n' "$lines" | while IFS= read -r l; do case $l in *" # $unit") ;; *) printf '%s\n' "$l" ;; esac; done)
[ ! "$line" ] || { printf '%s\n' ${kept:+"$kept"} "$line" | crontab - && exit; }
if [ "$kept" ]; then printf '%s\n' "$kept" | crontab -; else crontab -r; fi
