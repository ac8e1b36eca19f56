path=$1 mode=$2
# Writes standard input to a file of root's, whole or not at all.
umask 077
mkdir -p -m 755 "${path%/*}" && cat >"$path.provision" && chmod "$mode" "$path.provision" && mv "$path.provision" "$path" || { rm -f "$path.provision"; exit 1; }
