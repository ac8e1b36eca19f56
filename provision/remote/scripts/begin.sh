# In front of every command: the nonce, who leads the process group (self, or sudo, which sets g), the seconds between SIGTERM and
# SIGKILL, the directory ('' for the login's).
LC_ALL=C; export LC_ALL; unset CDPATH; PATH=${PATH:-/usr/bin:/bin}:/usr/local/bin:/usr/local/sbin:/usr/sbin:/sbin:/snap/bin
[ $2 = sudo ] || g=$$
printf '\001%s %s\n' $1 $g
