dir=$1 release=$2
case $release in '' | *[!0-9a-f]*) exit 1 ;; esac
head -c 1048577 "$dir/releases/$release.json"
