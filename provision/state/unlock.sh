dir=$1 token=$2
# Removes the lock that has the token in it, or any for an empty one.
cd "$dir" 2>/dev/null || exit 0
[ -z "$token" ] || grep -qF "\"$token\"" lock 2>/dev/null || exit 0
rm -f lock 2>/dev/null || rmdir lock 2>/dev/null || exit 78
