unit=$1 line=$2
# Has cron run a line of the user's crontab, or no longer where it is empty. Other lines stay.
kept=$(crontab -l 2>/dev/null | while IFS= read -r l; do case $l in *" # $unit") ;; *) printf '%s\n' "$l" ;; esac; done)
[ ! "$line" ] || { printf '%s\n' ${kept:+"$kept"} "$line" | crontab - && exit; }
if [ "$kept" ]; then printf '%s\n' "$kept" | crontab -; else crontab -r; fi
