user=$1 wanted=$2
# Lets the user run anything as root, unasked, or takes back that this program has let him.
f=/etc/sudoers.d/90-provision
umask 077
if [ "$wanted" != yes ]; then rm -f $f; exit; fi
mkdir -p -m 750 /etc/sudoers.d
printf '%s ALL=(ALL:ALL) NOPASSWD: ALL\n' "$user" >$f.new && chmod 440 $f.new && visudo -cqf $f.new && mv $f.new $f || { rm -f $f.new; exit 1; }
