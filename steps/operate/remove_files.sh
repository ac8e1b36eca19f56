# Removes what is listed in the manifests of the state folder, names ended by NUL, and then the folders that this leaves empty: in
# reverse order what is in a folder comes before the folder. A folder with somebody else's files in it stays, and so does what lies
# elsewhere, behind a link that has taken a folder's place.
directory=$1
state=$2
cd "$directory" && cat "$state"/manifest "$state"/manifest.kept 2>/dev/null | sort -zr | xargs -0 -r sh -c '
root=$(pwd -P) folder= leads=
for f do
  case $f in */*)
    [ "${f%/*}" = "$folder" ] || { folder=${f%/*}; leads=$(cd -P -- "$folder" 2>/dev/null && pwd -P); }
    [ "$leads" = "$root/$folder" ] || continue ;;
  esac
  if [ -d "$f" ] && [ ! -h "$f" ]; then rmdir -- "$f" 2>/dev/null; else rm -f -- "$f"; fi
done' sh
cd / && rmdir "$directory" 2>/dev/null
:
