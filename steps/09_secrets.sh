# Keeps each line NAME=value of standard input as a file NAME. On the host its user alone may enter the folder; in the container,
# where the folder "run" in it is mounted, every user may read the files. Those that are there are replaced one by one, because a
# container may have them mounted.
folder=$1
umask 077
mkdir -p "$folder" || exit
umask 022
mkdir -p "$folder/run" || exit
umask 333
while IFS= read -r line; do
	rm -f "$folder/new"
	printf %s "${line#*=}" >"$folder/new" && mv -f "$folder/new" "$folder/run/${line%%=*}" || exit
done
