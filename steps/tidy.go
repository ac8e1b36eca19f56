package steps

import (
	"fmt"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/remote"
)

// stopGrace is how long a retired container may take to end. Docker's own default, and `bash ./start.sh` needs all of it:
// as process 1 it does not pass the signal on.
const stopGrace = 10 // seconds

// tidyScript ends a verified release: containers of ours that run and are not live stop, in the background and marked as
// stopping meanwhile; a candidate that was never live goes; of the releases that were live, the newest keep stay, with their
// images, specifications and environment files. It prints what the live container is.
type tidyScript struct {
	site, live, left, image, stateDir string
	keep                              int
}

func (t tidyScript) String() string {
	q := func(s ...string) string { return remote.Quote(s...) }
	return fmt.Sprintf("live=%s left=%s site=%s image=%s keep=%d grace=%d\ncd %s || exit\n",
		q(t.live), q(t.left), q(t.site), q(t.image), t.keep, stopGrace, q(t.stateDir)) +
		fmt.Sprintf(tidyText, q(`{{.ID}}	{{.Names}}	{{.State}}	{{.Label "`+docker.LabelSite+`"}}	{{.Label "`+docker.LabelRelease+`"}}`),
			docker.LabelSite)
}

// tidyText lists the newest containers first, as docker ps does. A container is ours by its label, or by the name that ends
// with its own id, under which one that was run by hand is retired.
const tidyText = `mkdir -p stopping releases; rm -f stopping/*
n=0
docker ps -a --no-trunc --format %[1]s | while IFS='	' read -r id name state of release; do
  [ "$name" != "$live" ] || continue
  [ "$of" = "$site" ] || case $id in "${name#"$live"-}"?*) [ ${#name} -eq $((${#live} + 13)) ] || continue ;; *) continue ;; esac
  if [ "$name" = "$left" ]; then docker rm -f -v "$id" >/dev/null; continue; fi
  n=$((n + 1))
  if [ $n -gt "$keep" ]; then docker rm -f -v "$id" >/dev/null; continue; fi
  [ "$state" != exited ] && [ "$state" != created ] || continue
  docker update --restart no "$id" >/dev/null
  : >"stopping/$name"
  nohup sh -c 'docker stop -t "$1" "$2"; rm -f "stopping/$3"' sh "$grace" "$id" "$name" >/dev/null 2>&1 </dev/null &
done
# A cutover that has ended, but whose end could not be acknowledged over a link that was cut.
for job in jobs/cutover-*; do [ ! -f "$job/status" ] || rm -rf "$job"; done
# A release whose container was removed by hand can still be run from its specification, while it is among the newest.
have=$(docker ps -a --filter label=%[2]s="$site" --format '{{.Label "io.provision.release"}}')
n=0
ls -t releases 2>/dev/null | while read -r file; do
  n=$((n + 1))
  case "
$have
" in *"
${file%%.json}
"*) continue ;; esac
  [ $n -le $((keep + 1)) ] || rm -f "releases/$file"
done
for file in environment-*; do
  [ ! -f "$file" ] || grep -qF "$file" releases/*.json 2>/dev/null || rm -f "$file"
done
used=$(docker ps -aq --no-trunc | xargs -r docker inspect --format '{{.Image}}')
docker image ls --no-trunc --filter label=%[2]s="$site" --format '{{.Repository}}:{{.Tag}} {{.ID}}' | while read -r name id; do
  case $name in "$image" | *'<none>'*) continue ;; esac
  case $used in *"$id"*) continue ;; esac
  grep -qF "\"$name\"" releases/*.json 2>/dev/null || docker image rm "$name" >/dev/null 2>&1
done
docker image prune -f --filter label=%[2]s="$site" >/dev/null
docker inspect "$live"
`
