# Ends a job's process group and removes its folder.
d=$1
if alive; then
	kill -TERM "-$pid" 2>/dev/null || kill -TERM "$pid"
	i=0; while kill -0 "-$pid" 2>/dev/null && [ $i -lt 50 ]; do i=$((i+1)); sleep 0.1 2>/dev/null || sleep 1; done
	kill -KILL "-$pid" 2>/dev/null
fi
rm -rf -- "$d"
