# Tries to write in a folder and prints what comes of it: SFTP has one code for a full disk, a quota and all the rest.
folder=$1 name=$2 # that nothing else has
LC_ALL=C
export LC_ALL
umask 077
exec 2>&1
mkdir -p -- "$folder" && cd -- "$folder" && mkdir -- "$name" && dd if=/dev/zero of="$name/probe" bs=1024k count=1
rm -rf -- "$folder/$name"
