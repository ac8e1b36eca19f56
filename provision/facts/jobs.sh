# Lists the jobs that run or have ended, and the containers that are being stopped.
cd "$1" 2>/dev/null || exit 0
for j in jobs/* stopping/*; do [ ! -e "$j" ] || echo "$j"; done
