# Builds, and builds once more if the engine went away in the middle: what was built so far is in its cache. That it went away
# shows in its process id, where that can be read, or in its not answering. The last line is what the image became.
directory=$1 # the site's
format=$2    # of the last line
image=$3
shift 3 # what is left is the docker build command
cd "$directory" || exit 1
export BUILDKIT_PROGRESS=plain
build() { "$@" && docker image inspect --format "$format" "$image"; }
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
