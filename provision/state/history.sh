[ ! -f "$1/history" ] || tail -c 1048576 "$1/history"
