pair=$1 certificate=$2 key=$3 challenges=$4
# Prints whether the folder of the challenges is there, then the certificate that the containers have mounted. One that has not
# shown that it serves counts for nothing.
[ ! -d "$challenges" ] || echo challenges
[ ! -s "$pair/$key" ] || [ -e "$pair/pending" ] || dd if="$pair/$certificate" bs=1024 count=64 2>/dev/null || :
