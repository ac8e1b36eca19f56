package steps

import (
	"fmt"
	"strings"

	"github.com/kehuo/provision/provision/docker"
	"github.com/kehuo/provision/provision/remote"
)

// stopGrace is how long a retired container may take to end. Docker's own default, and `bash ./start.sh` needs all of it:
// as process 1 it does not pass the signal on.
const stopGrace = 10 // seconds

// tidyScript ends a verified release: retired containers stop, in the background and marked as stopping meanwhile; of the releases that are not live, the
// newest keep stay; images of ours that no container uses any more lose their names. It prints what the live container is.
type tidyScript struct {
	site, live, image, stateDir string
	keep                        int
	stop                        []string
}

func (t tidyScript) String() string {
	var text strings.Builder
	q := func(s ...string) string { return remote.Quote(s...) }
	for _, name := range t.stop {
		mark := q(t.stateDir + "/stopping/" + name)
		fmt.Fprintf(&text, "docker update --restart no %s >/dev/null\nmkdir -p %s && : >%s\nnohup sh -c %s >/dev/null 2>&1 </dev/null &\n",
			q(name), q(t.stateDir+"/stopping"), mark, q(q(docker.Stop(name, stopGrace)...)+"; rm -f "+mark))
	}
	fmt.Fprintf(&text, `live=%s
# Newest first: docker ps lists by creation. A retired container is ours by its label, or by the name it was retired under.
n=0
docker ps -a --no-trunc --format %s | while IFS='	' read -r name site release; do
  case $name in
  "$live") continue ;;
  "$live"-*) case ${name#"$live"-} in *[!0-9a-f]*) continue ;; esac ;;
  *) continue ;;
  esac
  n=$((n + 1))
  [ $n -gt %d ] || continue
  docker rm -f -v "$name" >/dev/null
  [ -z "$release" ] || rm -f %s/releases/"$release".json
done
used=$(docker ps -aq | xargs -r docker inspect --format '{{.Image}}')
docker image ls --no-trunc --filter %s --format '{{.Repository}}:{{.Tag}} {{.ID}}' | while read -r name id; do
  case $name in %s | *'<none>') continue ;; esac
  case $used in *"$id"*) ;; *) docker image rm "$name" >/dev/null 2>&1 ;; esac
done
docker image prune -f --filter %s >/dev/null
%s
`, q(t.live),
		q(`{{.Names}}	{{.Label "`+docker.LabelSite+`"}}	{{.Label "`+docker.LabelRelease+`"}}`),
		t.keep, q(t.stateDir), q("label="+docker.LabelSite+"="+t.site), q(t.image),
		q("label="+docker.LabelSite+"="+t.site), q(docker.Inspect(t.live)...))
	return text.String()
}
