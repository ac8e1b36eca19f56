# Removes what interrupted runs left of other images than the one to come.
cd "$1" 2>/dev/null || exit 0 # the folder of all of them
for f in *; do [ "$f" = "$2" ] || rm -rf -- "$f" || exit; done
