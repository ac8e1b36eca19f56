folder=$1 certificate=$2 key=$3 challenges=$4
# Puts the pair on standard input, first the key, where the containers have it mounted. A file is replaced by another one, so that a
# container never reads half of it. The mark "pending" stays until the pair has shown that it serves; until then it can go back.
umask 022
mkdir -p "$challenges" || exit
umask 077
mkdir -p "$folder" && cd "$folder" || exit
exec 3>.key.new || exit
last=
while IFS= read -r line; do
	last=$line
	printf '%s\n' "$line" >&3 || exit
	case $line in "-----END "*"PRIVATE KEY-----") exec 3>.certificate.new || exit ;; esac
done
exec 3>&-
case $last in "-----END CERTIFICATE-----") ;; *) echo "the pair arrived in part" >&2 && exit 1 ;; esac
if [ ! -e pending ]; then
	rm -f .key.old .certificate.old
	if [ -e "$key" ] && [ -e "$certificate" ]; then
		cp "$key" .key.old && cp "$certificate" .certificate.old || exit
	fi
	: >pending || exit
fi
mv -f .key.new "$key" && mv -f .certificate.new "$certificate"
