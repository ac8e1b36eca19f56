# Prints a file from an offset on, packed.
file=$1
offset=$2 # bytes that are known already
tail -c "+$((offset + 1))" "$file" | gzip -1
