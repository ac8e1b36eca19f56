#!/bin/bash
# Starts gunicorn and nginx, passes a stop on to both, and ends when one of them ends.
gunicorn --bind 127.0.0.1:5000 --workers 2 --access-logfile - app:app &
nginx -g 'daemon off;' &
trap 'kill $(jobs -p); wait; exit 0' TERM INT QUIT
wait -n
exit 1
