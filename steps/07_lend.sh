# Keeps standard input as a file in a folder that its user alone may enter.
folder=$1 name=$2
umask 077
mkdir -p "$folder" && cat >"$folder/$name"
