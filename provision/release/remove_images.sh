# Takes from the site's images the names that builds gave them, and prints why one stays. Arguments: the site and its folder.
image_names "$1" "$2" | while read -r id name; do docker image rm "$name" 2>&1 >/dev/null || :; done
