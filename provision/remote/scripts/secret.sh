# Drops what sudo did not take of its input, up to the nonce.
x=; until [ "$x" = $1 ]; do IFS= read -r x || exit 1; done
