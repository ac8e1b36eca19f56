# Takes from the site's images the names that builds gave them, and prints why one stays. One that went with another is gone
# all the same. Arguments: the site and its folder.
docker image ls -q >/dev/null || exit
image_names "$1" "$2" | while read -r id name; do
	said=$(docker image rm "$name" 2>&1 >/dev/null) || case $said in *'No such image'*) ;; *) echo "$said" ;; esac
done
