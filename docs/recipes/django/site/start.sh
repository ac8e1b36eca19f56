#!/bin/bash
# Starts gunicorn and nginx, passes a stop on to both, and ends when one of them ends.
gunicorn --bind 127.0.0.1:8000 --workers 3 --access-logfile - mysite.wsgi &
nginx -g 'daemon off;' &
trap 'kill $(jobs -p); wait; exit 0' TERM INT QUIT
wait -n
exit 1
