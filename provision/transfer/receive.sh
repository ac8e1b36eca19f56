# Unpacks one stream of files where they are staged, and leaves word of how that went. Without a stream it ends and has
# touched nothing. Expects: directory state inside.
umask 077
read -r where upload n || exit 0
stage=$state/upload
[ "$where" = state ] || stage=$directory/$inside
[ -d "$stage" ] || mkdir -p -- "$state" "$stage"
cd -- "$stage" || exit 1
gzip -dc | tar -xpof -
status=$?
echo "$status" >"arrived.$upload.$n"
exit "$status"
