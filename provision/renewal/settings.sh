folder=$1
# Puts the settings on standard input into the folder.
umask 077
mkdir -p "$folder" && cd "$folder" && cat >.settings && mv -f .settings settings.json
