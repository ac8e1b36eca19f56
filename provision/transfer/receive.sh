# Unpacks one stream of files where they are staged, and leaves word of how that went. Without a stream it ends and has
# touched nothing.
directory=$1 state=$2 inside=$3
LC_ALL=C
export LC_ALL
umask 077
read -r where upload n how || exit 0
stage=$state/upload
[ "$where" = state ] || stage=$directory/$inside
[ -d "$stage" ] || mkdir -p -- "$state" "$stage"
cd -- "$stage" || exit 1
umask 0 # BusyBox's tar applies it to the modes in the archive; nobody else can enter the folder
if [ "$how" = plain ]; then tar -xpof -; else gzip -dc | tar -xpof -; fi
status=$?
echo "$status" >"arrived.$upload.$n"
exit "$status"
