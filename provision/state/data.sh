# What lies in the state folder is data. number TEXT: sets n to it where it is digits that every shell counts with, else to 0.
number() { case $1 in '' | *[!0-9]* | 0?* | ????????????????*) n=0 ;; *) n=$1 ;; esac; }
# append RECORD: adds a line to the history in the current folder.
append() {
	printf '%s\n' "$1" >>history
	[ "$(wc -l <history)" -le 1000 ] || { tail -n 500 history >history.new && mv -f history.new history; }
}
# odd: is there something in the lock's place that is none?
odd() { [ -h lock ] || [ -e lock ] && [ ! -f lock ]; }
# show: prints the host's time, and the lock.
show() { date +%s && head -c 32768 lock; }
