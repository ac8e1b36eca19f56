dir=$1 record=$2
umask 077
cd "$dir" 2>/dev/null || exit 0
append "$record"
