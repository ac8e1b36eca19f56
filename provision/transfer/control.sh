# Waits for an upload; without one it ends and has touched nothing. Expects: directory state inside.
umask 077
IFS= read -r where || exit 0
stage=$state/upload
[ "$where" = state ] || stage=$directory/$inside
mkdir -p -- "$state" "$stage" && cd -- "$stage" && gzip -dc | tar -xpof - || {
	echo 'fault stage'
	exit 1
}
sh ./commit
