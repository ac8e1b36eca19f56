size=$1
# Makes a swap file of a size in MiB, uses it, and has the host use it after a reboot.
f=/swapfile.provision
umask 077
[ "$(df -Pm / | awk 'END { print $4 }')" -gt $((size + 512)) ] || { echo "No space left on device: $f needs $size MiB and leaves 512 MiB"; exit 1; }
[ ! -e $f ] || swapoff $f 2>/dev/null
rm -f $f
dd if=/dev/zero of=$f bs=1M count="$size" 2>/dev/null && mkswap $f >/dev/null && swapon $f || { rm -f $f; exit 1; }
grep -q "^$f " /etc/fstab || echo "$f none swap sw 0 0" >>/etc/fstab
