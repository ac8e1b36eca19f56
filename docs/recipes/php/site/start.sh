#!/bin/bash
# Starts PHP and nginx, passes a stop on to both, and ends when one of them ends.
php-fpm8.2 --nodaemonize &
nginx -g 'daemon off;' &
trap 'kill $(jobs -p); wait; exit 0' TERM INT QUIT
wait -n
exit 1
