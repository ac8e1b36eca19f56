# Prints small files of the site's folder, each behind a line with a mark and its number.
directory=$1
mark=$2
limit=$3 # of a file, in bytes
shift 3 # what is left are the files
cd "$directory" || exit 1
n=0
for file do
  n=$((n + 1))
  [ -f "$file" ] && [ ! -L "$file" ] && [ -r "$file" ] || continue
  printf '%s %s\n' "$mark" "$n"
  head -c "$limit" "./$file"
  echo
done
