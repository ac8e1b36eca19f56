# Keeps what a release was made of, for the day it is rolled back to. Arguments: the state folder, the release, the JSON of it.
umask 077
cd "$1" && mkdir -p releases && printf '%s\n' "$3" >"releases/$2.new" && mv -f "releases/$2.new" "releases/$2.json"
