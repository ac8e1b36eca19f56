# Ends a process group: politely, then for good. Its number, and the seconds in between.
kill -TERM "-$1" 2>/dev/null || kill -TERM "$1" 2>/dev/null || exit 0
i=0; while [ $i -lt "$2" ]; do i=$((i + 1)); sleep 1; kill -0 "-$1" 2>/dev/null || exit 0; done
kill -KILL "-$1" 2>/dev/null; exit 0
