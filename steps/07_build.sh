# Builds, and builds once more if the engine went away in the middle: what was built so far is in its cache. That it went away
# shows in its process id, where that can be read, or in its not answering. The last line is what the image became; or, behind the
# same mark, "buildkit" where that is asked for and not there, or "none" and the builder's driver where the build leaves no image.
directory=$1 # the site's
format=$2    # of the last line; the mark is its first word
image=$3
kit=$4       # only BuildKit knows the options
lent=$5      # the folder of secrets, which goes whatever happens; empty: none
shift 7      # what is left is what follows "docker build"
[ -z "$lent" ] || trap 'rm -rf "$lent"' EXIT
trap 'exit 143' TERM
cd "$directory" || exit 1
export BUILDKIT_PROGRESS=plain
[ -z "$kit" ] || export DOCKER_BUILDKIT=1
knows=$(docker build --help 2>/dev/null)
case $kit:$knows in
:* | *--secret*) ;;
*) echo "${format%% *} buildkit"; exit 1 ;;
esac
# A builder that is a container of its own keeps what it builds, unless it is told.
case $knows in *--load*) set -- --load "$@" ;; esac
build() {
	docker build "$@" || return
	docker image inspect --format "$format" "$image" 2>/dev/null && return
	code=$?
	! docker version >/dev/null 2>&1 || echo "${format%% *} none $(docker buildx inspect 2>/dev/null | sed -n 's/^Driver: *//p' | head -n 1)"
	return $code
}
engine() { cat /var/run/docker.pid 2>/dev/null; }
was=$(engine)
build "$@" && exit 0
code=$?
docker version >/dev/null 2>&1 && [ "$(engine)" = "$was" ] && exit $code
n=0
until docker version >/dev/null 2>&1; do
  n=$((n + 1)); [ $n -lt 120 ] || exit $code
  sleep 0.5 2>/dev/null || sleep 1
done
echo 'The Docker engine was away; building again.'
build "$@"
