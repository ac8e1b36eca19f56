# Keeps standard input as a file that its user alone may read.
file=$1
umask 077
cat >"$file.new" && mv -f "$file.new" "$file"
