dir=$1 beside=$2 room=$3
# Prints one value a line, in the order in which Facts.system reads them. A fork costs a busy host a millisecond or two.
id=$(id)
printf '%s\n' "$id"
date +%s
printf '%s\n' "$HOME"
# above FOLDER: sets p to it, or to the nearest one above it that is there.
above() {
	p=$1
	until [ -d "$p" ]; do p=${p%/*} && [ "$p" ] || p=/; done
}
may() { if [ -w "$p" ]; then may=writable; elif [ -O "$p" ]; then may=frozen; else may=closed; fi; }
above "$beside"
may
keeps=$may
above "$dir"
may
printf '%s\n' "$p" "$may" "$keeps"
if [ ! -e /var/run/docker.sock ]; then echo none; elif [ -w /var/run/docker.sock ]; then echo open; else echo closed; fi
engine=default
[ -z "$DOCKER_HOST$DOCKER_CONTEXT" ] || engine=other
config=${DOCKER_CONFIG:-$HOME/.docker}/config.json
if [ -f "$config" ] && [ -r "$config" ]; then
	while IFS= read -r line || [ "$line" ]; do case $line in *'"currentContext"'*) engine=other ;; esac; done <"$config"
fi
# A link leads to an engine of another kind.
[ ! -h /var/run/docker.sock ] || [ ! -w /var/run/docker.sock ] || engine=other
echo $engine
id=${id#*=}
own=${XDG_RUNTIME_DIR:-/run/user/${id%%[!0-9]*}}/docker.sock
[ -S "$own" ] || own=
printf '%s\n' "$own"
# Where a start-up file of the user's shell names an engine that this login has not heard of: LINE:FILE.
hidden=
if [ $engine = default ] && [ ! -w /var/run/docker.sock ]; then
	for f in .bashrc .bash_profile .bash_login .profile .zshrc .zprofile; do
		[ -f "$HOME/$f" ] && [ -r "$HOME/$f" ] || continue
		n=$(sed -n '/^[[:space:]]*\(export[[:space:]][[:space:]]*\)\{0,1\}DOCKER_HOST=/{=;q;}' "$HOME/$f")
		[ "$n" ] && hidden=$n:$HOME/$f && break
	done
fi
printf '%s\n' "$hidden"
uname -n
[ "$room" ] || exit 0
# Free on the disk that the site lives on, and in memory, in KiB.
set -- $(df -Pk "$p" | tail -n 1)
echo "$4"
memory=0
while read -r name value unit; do case $name in MemAvailable:) memory=$value ;; esac; done </proc/meminfo
echo "$memory"
