#!/bin/bash
# Runs in the container: `bash ./start.sh`. Starts gunicorn and nginx and stays
# in the foreground. bash is process 1 here and would keep `docker stop` waiting
# for ten seconds: pass the signal on, and end when either of the two ends.
set -u
cd "$(dirname "$0")" || exit 1

gunicorn --bind 127.0.0.1:5000 --workers 2 --access-logfile - app:app &
gunicorn=$!
nginx -g 'daemon off;' &
nginx=$!

stop() {
    trap - TERM INT QUIT
    kill -TERM "$gunicorn" 2>/dev/null
    kill -QUIT "$nginx" 2>/dev/null
    wait
    exit "$1"
}
trap 'stop 0' TERM INT QUIT

wait -n
status=$?
echo "start.sh: gunicorn or nginx ended with status $status" >&2
stop "$((status == 0 ? 1 : status))"
