# count IMAGE: adds to $bytes what an image has that none counted before has. Layers that two of them share are told alike.
nl='
'
counted=$nl bytes=0
count() {
	while read -r takes layer; do
		case $takes in '' | 0 | *[!0-9]*) continue ;; esac
		case $counted in *"$nl$takes $layer$nl"*) continue ;; esac
		counted="$counted$takes $layer$nl"
		bytes=$((bytes + takes))
	done <<END
$(docker history --no-trunc --human=false --format '{{.Size}} {{.CreatedAt}} {{json .CreatedBy}}' "$1" 2>/dev/null)
END
}
