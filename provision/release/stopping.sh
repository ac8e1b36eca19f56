# await_stop STATE_DIR CONTAINER: waits until the stop of a retired container that tidy.sh has begun says that it has ended, which
# it does as soon as the container does. A mark that it left when the host itself went away is not waited for long.
await_stop() {
	mark=$1/stopping/$2 n=0
	while [ -f "$mark" ] && [ ! -s "$mark" ] && [ $n -lt 50 ]; do n=$((n + 1)); sleep 0.1 2>/dev/null || sleep 1; done
}
