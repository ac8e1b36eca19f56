# Prints what a host's engine keeps images in, how it builds, how much room there is, and the layers of its images.
state=$1 # the site's state folder
# room NAME FOLDER: how much is free there, in KiB, and on which file system.
room() {
	p=$2
	until [ -d "$p" ]; do p=${p%/*} && [ "$p" ] || p=/; done
	echo "$1 $(df -Pk -- "$p" | (read -r _ && read -r from _ _ free _ && echo "$free $from"))"
}
info=$(docker info --format '{{.OSType}}/{{.Architecture}} {{.DockerRootDir}}
{{json .DriverStatus}}') || exit
first=${info%%"
"*}
echo "platform ${first%% *}"
case $info in *io.containerd.snapshotter*) echo containerd ;; esac
if [ "$DOCKER_BUILDKIT" = 1 ] || { [ -z "$DOCKER_BUILDKIT" ] && docker buildx version >/dev/null 2>&1; }; then echo buildkit; fi
room stage "$state"
root=${first#* }
[ ! -d "$root" ] || room root "$root" # an engine that is elsewhere tells of a folder there
ids=$(docker image ls -q --no-trunc | sort -u | head -n 500)
[ -z "$ids" ] || docker image inspect --format 'layers {{json .RootFS.Layers}}' $ids || :
