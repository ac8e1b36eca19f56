folder=$1 certificate=$2 key=$3 way=$4
# Keeps the pair that was put there last, or brings back the one before it.
cd "$folder" || exit
[ -e pending ] || exit 0
case $way in
back)
	if [ -e .key.old ]; then
		mv -f .key.old "$key" && mv -f .certificate.old "$certificate" || exit
	else
		rm -f "$key" "$certificate" || exit
	fi
	;;
esac
rm -f .key.old .certificate.old pending
