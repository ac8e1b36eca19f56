# Ends a verified release: containers of ours that run and are not live stop, in the background and marked as stopping meanwhile; a
# candidate that was never live goes; of the releases that were live, the keep that were live last stay, however long ago they were
# made, because that is where a rollback goes: with their images, specifications, environment files and secrets. One that goes and still
# runs stops first; its image goes then where they take too much room, else with the next release. It prints the state of the live container.
#
# It lists containers and images once each: a docker command is 20 ms of a processor. Which container was live last is asked only
# where one has to go: the previous one, then what still runs, then by when it ended. Which ones are ours, Site.IsRelease says as
# well. The mark of one that is stopping says so once it has stopped, and outlives it by a moment, for a run that has just been told
# that it is up. Docker itself refuses to remove an image that a container needs.
#
# Arguments: the state folder; the live container's name and the candidate's; the site, its folder and its image; how many earlier
# releases to keep; how many seconds one may take to stop; the container that the release has replaced (empty where that cannot be
# told); how many bytes the earlier releases may take beyond the live one (0: no bound).
dir=$1 live=$2 left=$3 site=$4 here=$5 image=$6 keep=$7 grace=$8 previous=$9
shift 9
size=$1
cd "$dir" || exit
mkdir -p stopping releases
rm -f stopping/*
list=$(docker ps -a --no-trunc --format '{{.ID}}	{{.Names}}	{{.State}}	{{.Image}}	{{.Label "io.provision.site"}}	{{.Label "io.provision.release"}}	{{.Label "io.provision.directory"}}') || exit
ours() {
	case $name in "$live-"????????????) case $id in "${name#"$live-"}"*) return 0 ;; esac ;; esac
	[ -n "$release" ] && [ "$of" = "$site" ] && [ "${where:-$here}" = "$here" ] || return
	case $name in "$left" | *-"$release") ;; *) return 1 ;; esac
}
n=0 earlier= surplus= current=
while IFS='	' read -r id name state ref of release where; do
	[ "$name" != "$live" ] || current=$release
	[ "$name" = "$live" ] || [ "$name" = "$left" ] || ! ours || { n=$((n + 1)); earlier="$earlier $id"; }
done <<END
$list
END
# image_of RELEASE: the name that its image keeps.
image_of() { sed -n 's/.*"image":"\([^"]*\)".*/\1/p' "releases/$1.json" 2>/dev/null | head -n 1; }
# fits IMAGE: is there room for it beside those that were asked about before?
fits() {
	[ "$size" -gt 0 ] || return 0
	count "$1"
	[ "$bytes" -le "$size" ]
}
if [ "$size" -gt 0 ]; then
	count "$(docker inspect --format '{{.Image}}' "$live")" # it is there in any case
	bytes=0
	[ -z "$earlier" ] || earlier=$(docker inspect --format "{{eq .Name \"/$previous\"}} {{.State.Running}} {{.State.FinishedAt}} {{.Id}} {{.Image}}" $earlier | sort -r)
	m=0
	while read -r _ _ _ id ref; do
		m=$((m + 1))
		[ -z "$id" ] || { [ $m -le "$keep" ] && fits "$ref"; } || surplus="$surplus $id"
	done <<END
$earlier
END
else
	[ $n -le "$keep" ] || surplus=$(docker inspect --format "{{eq .Name \"/$previous\"}} {{.State.Running}} {{.State.FinishedAt}} {{.Id}}" $earlier | sort -r | tail -n +$((keep + 1)))
fi
have= used= going=
while IFS='	' read -r id name state ref of release where; do
	[ "$name" != "$live" ] || echo "$state"
	if [ "$name" != "$live" ] && ours; then
		goes=
		case $surplus in *" $id"*) goes=yes ;; esac
		with=
		if [ "$goes" ] && [ "$size" -gt 0 ] && [ "$release" != "$current" ]; then
			with=$(image_of "$release")
			rm -f "releases/$release.json"
		fi
		case $name:$state:$goes in
		"$left":* | *:exited:yes | *:created:yes)
			docker rm -f -v "$id" >/dev/null &
			going="$going $!"
			continue
			;;
		*:exited: | *:created:) ;;
		*)
			: >"stopping/$name"
			nohup sh -c 'docker update --restart no "$2"; docker stop -t "$1" "$2"; [ -z "$4" ] || docker rm -f -v "$2"
				[ -z "$5" ] || grep -qF "\"$5\"" releases/*.json || docker image rm "$5"
				echo stopped >"stopping/$3"; sleep 2; rm -f "stopping/$3"' sh "$grace" "$id" "$name" "$goes" "$with" >/dev/null 2>&1 </dev/null &
			;;
		esac
	fi
	used="$used $ref" have="$have $release "
done <<END
$list
END
rm -rf lent # what a build was lent, where the host went away under it
# A cutover that has ended, but whose end could not be acknowledged over a link that was cut.
for job in jobs/cutover-*; do [ ! -f "$job/status" ] || rm -rf "$job"; done
# A release whose container was removed by hand can still be run from its specification, while it is among the newest.
n=0
for file in $(ls -t releases 2>/dev/null); do
	n=$((n + 1))
	case $have in *" ${file%%.json} "*) continue ;; esac
	[ $n -le $((keep + 1)) ] && fits "$(image_of "${file%.json}")" || rm -f "releases/$file"
done
for file in environment-*; do
	[ ! -f "$file" ] || grep -qF "$file" releases/*.json 2>/dev/null || rm -f "$file"
done
for folder in secrets-*; do
	case $have in *" ${folder#secrets-} "*) continue ;; esac
	[ ! -d "$folder" ] || [ -f "releases/${folder#secrets-}.json" ] || rm -rf "$folder"
done
images=$(image_names "$site" "$here")
[ -z "$going" ] || wait $going
while read -r id name; do
	case "$used $image" in *"$id"* | *" $name") continue ;; esac
	[ -z "$name" ] || grep -qF "\"$name\"" releases/*.json 2>/dev/null || docker image rm "$name" >/dev/null 2>&1
done <<END
$images
END
:
